/**
 * The command line of `moq-relay`.
 * @module
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { catalogue } from "./catalogue.ts";
import { ConfigError } from "./config-error.ts";
import type { ConfigSources } from "./load.ts";

/** What the command line asks for. */
export type CommandLine =
	/** Serve. */
	| { readonly command: "run"; readonly sources: ConfigSources }
	/** `check FILE`: say whether the configuration is valid, and end. */
	| { readonly command: "check"; readonly sources: ConfigSources }
	/** `--help`, `--version`: print to standard output and end with code 0. */
	| { readonly command: "print"; readonly text: string };

/**
 * Split the arguments that follow the program's name; touches no file but its own package's.
 * @throws ConfigError for unknown flags, missing values, or two files.
 */
export function parseCommandLine(
	args: readonly string[],
	env: Readonly<Record<string, string | undefined>>,
): CommandLine {
	const flags = new Map<string, string[]>();
	let printed = "";
	let complaint = "";
	let outcome: { command: "run" | "check"; file: string | undefined } | undefined;
	const program = new Command("moq-relay")
		.description("A Media over QUIC relay")
		.version(packageVersion(), "--version", "print the version")
		.helpOption("--help", "print this help")
		.option("--file <FILE>", "the same as FILE")
		.argument("[FILE]", "settings in TOML; flags win over variables, variables over the file")
		.configureOutput({ writeOut: (text) => void (printed += text), writeErr: (text) => void (complaint += text) })
		.exitOverride()
		.action((file?: string) => void (outcome = { command: "run", file }));
	program
		.command("check")
		.description("say whether the settings are valid; exit code 0 or 2")
		.argument("[FILE]", "settings in TOML")
		.action((file?: string) => void (outcome = { command: "check", file }));
	for (const option of settingOptions(flags)) program.addOption(option);
	try {
		program.parse(args.map(withToggleValue), { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		if (error.exitCode === 0) return { command: "print", text: printed };
		throw usageError(complaint);
	}
	const named = program.opts<{ file?: string }>().file;
	const { command, file: positional } = outcome ?? { command: "run" as const, file: undefined };
	if (named !== undefined && positional !== undefined) throw usageError("give FILE once, with or without --file");
	return { command, sources: { file: positional ?? named, env, flags } };
}

/** An option for each flag, and a hidden one for each flag of an earlier release. */
function settingOptions(flags: Map<string, string[]>): Option[] {
	const options: Option[] = [];
	const add = (
		flag: string,
		path: string,
		option: { placeholder: string; doc: string; env: string; old?: boolean },
	): void => {
		const collect = (text: string): void => void flags.set(path, [...(flags.get(path) ?? []), text]);
		const made = new Option(`${flag} <${option.placeholder}>`, `${option.doc} [${option.env}]`).argParser(collect);
		made.helpGroup(`[${path.split(".")[0]}]`);
		options.push(option.old === true ? made.hideHelp() : made);
	};
	for (const { path, shorthand } of catalogue.tables.values()) {
		if (shorthand !== undefined) add(shorthand.flag, path, shorthand);
	}
	for (const { path, flag, env, setting } of catalogue.settings.values()) {
		const shown = { placeholder: setting.kind.placeholder, doc: setting.facts.doc, env };
		add(flag, path, shown);
		for (const old of setting.facts.oldFlags ?? []) add(old, path, { ...shown, old: true });
	}
	return options;
}

/** `--web-ws` means `--web-ws=true`; as in the reference, another value needs the equals sign. */
function withToggleValue(arg: string): string {
	return TOGGLE_FLAGS.has(arg) ? `${arg}=true` : arg;
}

const TOGGLE_FLAGS: ReadonlySet<string> = new Set(
	[...catalogue.settings.values()]
		.filter(({ setting }) => setting.kind.toggle)
		.flatMap(({ flag, setting }) => [flag, ...(setting.facts.oldFlags ?? [])]),
);

function usageError(complaint: string): ConfigError {
	const message = complaint
		.replace(/^error: /, "")
		.trim()
		.replaceAll(/\s*\n\s*/g, " ");
	return new ConfigError([{ origin: undefined, key: "", message: `${message}; moq-relay --help lists what there is` }]);
}

/** The version of this package. */
export function packageVersion(): string {
	const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
	const { version } = JSON.parse(text) as { readonly version: string };
	return version;
}
