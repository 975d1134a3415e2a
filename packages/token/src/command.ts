/**
 * The command `moq-token`, in the three spellings that it ever had: `generate --out`, `--key P generate`, `generate --key P`.
 * @module
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ALGORITHMS, type Algorithm } from "./algorithm.ts";
import { formatClaims } from "./claims.ts";
import type { CommandIo } from "./command-io.ts";
import { generateKey } from "./generate.ts";
import { formatKey, type Key, parseKey, parseKeys } from "./key.ts";
import { normalisePath } from "./path.ts";
import { signToken } from "./sign.ts";
import { KeyError, TokenError } from "./token-error.ts";
import { verifyToken } from "./verify.ts";

/** Run the command with the arguments that follow its name. Returns the exit code: 0, or 1 after one line of complaint. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
	let complaint = "";
	const program = makeProgram(io).exitOverride();
	for (const command of [program, ...program.commands]) {
		command.exitOverride().configureOutput({
			writeOut: (text) => io.print(text.trimEnd()),
			writeErr: (text) => void (complaint += text),
		});
	}
	try {
		await program.parseAsync(args, { from: "user" });
		return 0;
	} catch (error) {
		if (error instanceof CommanderError && error.exitCode === 0) return 0;
		io.complain(`moq-token: ${sentence(error, complaint)}`);
		return 1;
	}
}

function makeProgram(io: CommandIo): Command {
	const program = new Command("moq-token")
		.description("Make keys, and sign and verify tokens with them")
		.addOption(new Option("--key <PATH>", "key file, or - for standard input").hideHelp());
	program
		.command("generate")
		.description("make a key")
		.addOption(new Option("--algorithm <NAME>", "what it signs with").choices(ALGORITHMS).default("HS256"))
		.option("--id <KID>", "key id; random by default")
		.option("--out <PATH>", "where the key goes; - or nothing is standard output")
		.option("--out-dir <DIR>", "write the key to DIR/{id}.jwk")
		.option("--key <PATH>", "where the key goes, as JSON")
		.option("--base64", "with --key: base64url instead of JSON")
		.option("--public <PATH>", "where the public half goes too; - is standard output")
		.option("--public-dir <DIR>", "write the public half to DIR/{id}.jwk")
		.option("--root <PATH>", "tokens of the key grant nothing outside of this path", "")
		.option("--publish <PATH...>", "tokens of the key may let publish only there")
		.option("--subscribe <PATH...>", "tokens of the key may let watch only there")
		.action((_, command: Command) => generate(command.optsWithGlobals(), io));
	program
		.command("sign")
		.description("print a token")
		.option("--key <PATH>", "key file, or - for standard input")
		.option("--root <PATH>", "the path that the token is for", "")
		.option("--publish <PATH...>", 'may be published, relative to the root; "" is everything')
		.option("--subscribe <PATH...>", 'may be watched, relative to the root; "" is everything')
		.option("--cluster", "the bearer is a relay")
		.option("--expires <UNIX>", "end of its life, in seconds since 1970", unixTime)
		.option("--issued <UNIX>", "when it was made; now by default", unixTime)
		.action((_, command: Command) => sign(command.optsWithGlobals(), io));
	program
		.command("verify")
		.description("print what a token says if it is genuine and has not expired")
		.option("--key <PATH>", "key file, or - for standard input")
		.option("--in <PATH>", "file with the token; - is standard input", "-")
		.option("--root <PATH>", "the path that it must be for")
		.action((_, command: Command) => verify(command.optsWithGlobals(), io));
	return program;
}

interface GenerateFlags {
	readonly algorithm: Algorithm;
	readonly id?: string;
	readonly out?: string;
	readonly outDir?: string;
	readonly key?: string;
	readonly base64?: boolean;
	readonly public?: string;
	readonly publicDir?: string;
	readonly root: string;
	readonly publish?: readonly string[];
	readonly subscribe?: readonly string[];
}

async function generate(flags: GenerateFlags, io: CommandIo): Promise<void> {
	const { publish, subscribe, root } = flags;
	const scope = publish || subscribe ? { root, publish: publish ?? [], subscribe: subscribe ?? [] } : undefined;
	const key = await generateKey({ algorithm: flags.algorithm, id: flags.id, scope });
	const places = keyPlaces(flags, `${key.id}.jwk`);
	// --key is the older and the JavaScript spelling, whose files are JSON.
	const form = flags.key !== undefined && flags.base64 !== true ? "json" : "base64url";
	const publicHalf = places.public === undefined ? "" : formatKey(key.toPublic(), form);
	await put(places.private, { content: formatKey(key, form), mode: 0o600 }, io);
	if (places.public !== undefined) await put(places.public, { content: publicHalf, mode: 0o644 }, io);
}

function keyPlaces(flags: GenerateFlags, file: string): { private: string; public: string | undefined } {
	const { out, outDir, key, public: publicOut, publicDir } = flags;
	const given = [out, outDir, key].filter((place) => place !== undefined);
	if (given.length > 1) throw new KeyError("give only one of --out, --out-dir and --key");
	if (publicOut !== undefined && publicDir !== undefined) {
		throw new KeyError("give only one of --public and --public-dir");
	}
	const places = {
		private: outDir === undefined ? (key ?? out ?? "-") : `${outDir}/${file}`,
		public: publicDir === undefined ? publicOut : `${publicDir}/${file}`,
	};
	if (places.private !== places.public) return places;
	if (places.public === "-") {
		throw new KeyError("both halves cannot go to standard output; give --out or --public a file");
	}
	throw new KeyError("both halves cannot go to the same file");
}

async function put(path: string, file: { content: string; mode: number }, io: CommandIo): Promise<void> {
	if (path === "-") io.print(file.content);
	else await io.write(path, file.content, file.mode);
}

interface SignFlags {
	readonly key?: string;
	readonly root: string;
	readonly publish?: readonly string[];
	readonly subscribe?: readonly string[];
	readonly cluster?: boolean;
	readonly expires?: number;
	readonly issued?: number;
}

async function sign(flags: SignFlags, io: CommandIo): Promise<void> {
	const key = parseKey(await io.read(keyPath(flags.key)));
	const { root, publish = [], subscribe = [], cluster = false, expires } = flags;
	const issued = flags.issued ?? Math.floor(io.nowMs() / 1000);
	io.print(await signToken(key, { root, publish, subscribe, cluster, expires, issued }));
}

interface VerifyFlags {
	readonly key?: string;
	readonly in: string;
	readonly root?: string;
}

async function verify(flags: VerifyFlags, io: CommandIo): Promise<void> {
	const path = keyPath(flags.key);
	if (path === "-" && flags.in === "-") throw new KeyError("--key and --in cannot both be standard input");
	const keys = parseKeys(await io.read(path));
	const token = (await io.read(flags.in)).trim();
	const find = (id: string | undefined): Key | undefined =>
		keys.length === 1 ? keys[0] : keys.find((key) => key.id === id);
	const { claims } = await verifyToken(token, find, { nowMs: io.nowMs() });
	if (flags.root !== undefined && normalisePath(flags.root) !== claims.root) {
		throw new TokenError("scope", "the token is for another path");
	}
	io.print(JSON.stringify(formatClaims(claims), undefined, 2));
}

function keyPath(path: string | undefined): string {
	if (path === undefined) throw new KeyError("give the key with --key PATH");
	return path;
}

function unixTime(text: string): number {
	if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError("expected seconds since 1970, such as 1767225600");
	return Number(text);
}

/** One line: our own errors say what to do, commander's too; anything else is a fault of ours. */
function sentence(error: unknown, complaint: string): string {
	if (error instanceof KeyError || error instanceof TokenError) return error.message;
	if (!(error instanceof CommanderError)) return error instanceof Error ? `fault: ${error.message}` : "fault";
	const line = complaint
		.replace(/^error: /, "")
		.trim()
		.replaceAll(/\s*\n\s*/g, " ");
	return line.startsWith("Usage:") || line === "" ? "say generate, sign or verify; --help tells more" : line;
}
