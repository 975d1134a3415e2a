/**
 * One source of settings: the file, the environment, or the command line.
 * @module
 */
import { parse, TomlError } from "smol-toml";
import { catalogue } from "./catalogue.ts";
import { ConfigError, type Problem } from "./config-error.ts";
import { nearest } from "./levenshtein.ts";
import { lineOf, tomlLines } from "./toml-line.ts";

/** A value, and who gave it. */
export interface Given {
	readonly value: unknown;
	/** "relay.toml line 7", "--log-level", "MOQ_LOG_LEVEL". */
	readonly origin: string;
}

/** What one source gives, by today's path. */
export type Layer = ReadonlyMap<string, Given>;

/** Collects a layer: follows aliases and older spellings, and notices what is given twice. */
class LayerBuilder {
	readonly given: Map<string, Given> = new Map();
	readonly problems: Problem[] = [];

	add(path: string, value: unknown, origin: string): void {
		const today = catalogue.aliases.get(path) ?? path;
		const expanded = catalogue.settings.get(today)?.setting.facts.expand?.(value);
		if (expanded !== undefined) return this.addAll(today.slice(0, today.lastIndexOf(".")), expanded, origin);
		const before = this.given.get(today);
		if (before !== undefined) {
			this.problems.push({ origin, key: path, message: `is given twice, here and at ${before.origin}` });
		}
		this.given.set(today, { value, origin });
	}

	addAll(table: string, values: Readonly<Record<string, unknown>>, origin: string): void {
		for (const [key, value] of Object.entries(values)) this.add(`${table}.${key}`, value, origin);
	}
}

/**
 * Read a TOML file's text; `name` stands for it in messages.
 * @throws ConfigError for broken TOML, unknown keys, and keys given twice.
 */
export function fileLayer(toml: string, name: string): Layer {
	const builder = new LayerBuilder();
	const lines = tomlLines(toml);
	const visit = (table: object, prefix: string): void => {
		for (const [key, value] of Object.entries(table) as [string, unknown][]) {
			const path = prefix === "" ? key : `${prefix}.${key}`;
			const line = lineOf(lines, path);
			const origin = line === undefined ? name : `${name} line ${line}`;
			const known = catalogue.tables.get(path);
			const expanded = known?.shorthand?.expand(value);
			if (expanded !== undefined) builder.addAll(path, expanded, origin);
			else if (known !== undefined && isPlainObject(value)) visit(value, path);
			else if (known !== undefined) builder.problems.push({ origin, key: path, message: "expected a table" });
			else if (catalogue.settings.has(path) || catalogue.aliases.has(path)) builder.add(path, value, origin);
			else builder.problems.push({ origin, key: path, message: unknownMessage(path) });
		}
	};
	visit(parseToml(toml, name), "");
	if (builder.problems.length > 0) throw new ConfigError(builder.problems);
	return builder.given;
}

/** Read the variables `MOQ_…`. An empty one counts as absent, save where an empty text is a value. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>): Layer {
	const builder = new LayerBuilder();
	for (const { path, shorthand } of catalogue.tables.values()) {
		const text = shorthand === undefined ? undefined : env[shorthand.env];
		if (shorthand === undefined || text === undefined) continue;
		builder.addAll(path, shorthand.expand(shorthand.fromText(text)) ?? {}, shorthand.env);
	}
	for (const { path, env: name, setting } of catalogue.settings.values()) {
		const text = env[name];
		if (text === undefined || (text === "" && setting.facts.emptyIsValue !== true)) continue;
		// The narrower variable wins over the one for the whole table.
		builder.given.delete(path);
		builder.add(path, setting.kind.fromText(text), name);
	}
	return builder.given;
}

/** Texts of one flag in the order given, by path of its setting or of its table. */
export type FlagTexts = ReadonlyMap<string, readonly string[]>;

/**
 * Read flags that were split from the command line already.
 * @throws ConfigError for a flag given twice that takes one value.
 */
export function flagLayer(flags: FlagTexts): Layer {
	const builder = new LayerBuilder();
	for (const { path, shorthand } of catalogue.tables.values()) {
		const texts = flags.get(path);
		if (shorthand === undefined || texts === undefined) continue;
		const values = texts.flatMap((text) => shorthand.fromText(text));
		builder.addAll(path, shorthand.expand(values) ?? {}, shorthand.flag);
	}
	for (const { path, flag, setting } of catalogue.settings.values()) {
		const texts = flags.get(path);
		if (texts === undefined) continue;
		if (!setting.kind.list && texts.length > 1)
			builder.problems.push({ origin: flag, key: path, message: "is given twice" });
		const values = texts.flatMap((text) => setting.kind.fromText(text));
		builder.given.delete(path);
		builder.add(path, setting.kind.list ? values : values[0], flag);
	}
	if (builder.problems.length > 0) throw new ConfigError(builder.problems);
	return builder.given;
}

function parseToml(toml: string, name: string): object {
	try {
		return parse(toml, { integersAsBigInt: "asNeeded" });
	} catch (error) {
		if (!(error instanceof TomlError)) throw error;
		// The rest of the message is a picture of the place, which may show a secret.
		const [summary = "is not TOML"] = error.message.split("\n");
		const origin = `${name} line ${error.line} column ${error.column}`;
		throw new ConfigError([
			{ origin, key: "", message: summary.replace("Invalid TOML document: ", "not valid TOML: ") },
		]);
	}
}

/** Names the nearest setting, or what the table has. */
function unknownMessage(path: string): string {
	const table = path.slice(0, Math.max(0, path.lastIndexOf(".")));
	const all = [...catalogue.settings.keys(), ...catalogue.tables.keys(), ...catalogue.aliases.keys()];
	const siblings = all.filter((known) => known.slice(0, Math.max(0, known.lastIndexOf("."))) === table && known !== "");
	const leaf = path.slice(path.lastIndexOf(".") + 1);
	const sibling = nearest(
		leaf,
		siblings.map((known) => known.slice(known.lastIndexOf(".") + 1)),
	);
	const elsewhere = all.find((known) => known.endsWith(`.${leaf}`));
	const guess =
		sibling === undefined ? (nearest(path, all) ?? elsewhere) : `${table === "" ? "" : `${table}.`}${sibling}`;
	if (guess !== undefined) return `is not a setting; did you mean ${guess}?`;
	const names = siblings.map((known) => known.slice(known.lastIndexOf(".") + 1)).join(", ");
	return `is not a setting; ${table === "" ? "there are the tables" : `[${table}] has`} ${names}`;
}

function isPlainObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
