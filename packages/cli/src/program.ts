/**
 * The command line of `moq`.
 * @module
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import type { CommandContext } from "./command-context.ts";
import { type AnnouncedFlags, announced } from "./commands/announced.ts";
import { clusterStatus } from "./commands/cluster-status.ts";
import { type PublishFlags, publish } from "./commands/publish.ts";
import { type SubscribeFlags, subscribe } from "./commands/subscribe.ts";
import { addConnectOptions, type ConnectFlags } from "./connect-options.ts";
import type { TextStream } from "./terminal.ts";

/** The outside of the program. */
export interface ProgramOptions {
	/** What a command is given once its options are known. */
	readonly contextOf: (flags: ConnectFlags) => CommandContext;
	readonly out: TextStream;
	readonly err: TextStream;
}

/** The program, ready to parse. Its actions throw CommandError and MediaError; commander's own errors are CommanderError. */
export function makeProgram(options: ProgramOptions): Command {
	const program = new Command("moq")
		.description("Publish to, watch and look into a Media over QUIC relay")
		.version(`moq ${versionOf()}`, "-V, --version", "print the version")
		.exitOverride()
		.configureOutput({
			writeOut: (text) => void options.out.write(text),
			writeErr: (text) => void options.err.write(text),
			outputError: (text, write) => write(text.replace(/^error: /, "moq: ")),
		});
	addPublish(program, options);
	addSubscribe(program, options);
	addAnnounced(program, options);
	addCluster(program, options);
	return program;
}

/** The exit code of what commander threw: 0 after help and version, 1 for a wrong command line; undefined for other errors. */
export function exitCodeOf(error: unknown): number | undefined {
	return error instanceof CommanderError ? error.exitCode : undefined;
}

function addPublish(program: Command, { contextOf }: ProgramOptions): void {
	const command = program
		.command("publish")
		.description(
			"publish a file (MP4, QuickTime, Matroska, WebM), or standard input (fragmented MP4), at the speed it plays",
		)
		.argument("<file>", 'the file, or "-" for standard input')
		.requiredOption("--url <url>", "the relay; may be repeated, see --mode", collect)
		.option("--name <name>", "name of the broadcast; default the file's, with .hang for an ending")
		.option("--loop", "begin again at the end; timestamps go on")
		.addOption(
			new Option("--mode <mode>", "with several URLs: the first that answers, or all of them at once")
				.choices(["failover", "both"])
				.default("failover"),
		)
		.option(
			"--return-after <time>",
			'with several URLs and failover: try the first again so long after it was left, and every so often, or "never"; default 30s',
		)
		.action((file: string, flags: PublishFlags) => publish(file, flags, contextOf(flags)));
	addConnectOptions(command);
}

function addSubscribe(program: Command, { contextOf }: ProgramOptions): void {
	const command = program
		.command("subscribe")
		.description("watch a broadcast: record it as a fragmented MP4, or show its rates and latency")
		.requiredOption("--url <url>", "the relay; may be repeated, the next one is used when one fails", collect)
		.requiredOption("--name <name>", "name of the broadcast")
		.option("-o, --output <file>", 'where to record, or "-" for standard output')
		.option("--stats", "show rates, latency, groups and drops")
		.option("--duration <time>", "stop so long after the first frame: 10s, 500ms, 2m")
		.option("--once", "end at once when the broadcast is not live, instead of waiting for it")
		.option("--video <track>", 'the rendition to take, or "none"; default the largest')
		.option("--audio <track>", 'the rendition to take, or "none"; default the largest')
		.action((flags: SubscribeFlags) => subscribe(flags, contextOf(flags)));
	addConnectOptions(command);
}

function addAnnounced(program: Command, { contextOf, out }: ProgramOptions): void {
	const command = program
		.command("announced")
		.description("print the names of broadcasts as they come (+) and go (-)")
		.argument("<url>", "the relay")
		.argument("[prefix]", "only names at or under this one", "")
		.option("--once", "print what is live now, and end")
		.action((url: string, prefix: string, flags: AnnouncedFlags) =>
			announced({ url, prefix, flags, out }, contextOf(flags)),
		);
	addConnectOptions(command);
}

function addCluster(program: Command, { contextOf, out }: ProgramOptions): void {
	program
		.command("cluster")
		.description("look into a cluster of relays")
		.command("status")
		.description("the relays that one of them knows, as a tree: round trips, links, routes, copies")
		.argument("<url>", "its internal listener, such as http://127.0.0.1:9101")
		.option("--json", "print the relay's answer as it is")
		.action((url: string, { json = false }: { readonly json?: boolean }) =>
			clusterStatus({ url, json, out }, contextOf({ transport: "auto", logLevel: "info" })),
		);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
	return [...before, value];
}

function versionOf(): string {
	const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
