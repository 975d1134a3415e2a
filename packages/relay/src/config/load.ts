/**
 * Makes the configuration from its sources: flags over environment over file over defaults.
 * @module
 */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { CONFIG_VALUE_CHARS_MAX } from "../limits.ts";
import { catalogue } from "./catalogue.ts";
import { ConfigError, formatProblem, type Problem } from "./config-error.ts";
import { environmentLayer, type FlagTexts, fileLayer, flagLayer, type Given, type Layer } from "./layer.ts";
import { type LoadedConfig, type RelayConfig, relayTable, type Unsupported } from "./relay-config.ts";
import { adjust, judge } from "./rules.ts";

/** Where settings come from. */
export interface ConfigSources {
	/** Path of the TOML file; undefined without one. */
	readonly file: string | undefined;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly flags: FlagTexts;
}

/**
 * Read, merge and check all sources.
 * @throws ConfigError for whatever keeps the relay from starting; the process ends with code 2.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
	const { file } = sources;
	const layers = [
		file === undefined ? new Map<string, Given>() : fileLayer(readText(file), file),
		environmentLayer(sources.env),
		flagLayer(sources.flags),
	];
	const given = merge(layers);
	const config = validate(adjust(given));
	const { problems, warnings } = judge(config, given);
	if (problems.length > 0) throw new ConfigError(problems);
	return { config, unsupported: unsupported(given), warnings, file };
}

/** `moq-relay check`: what to print, and the exit code (0 or 2). */
export function checkConfig(sources: ConfigSources): { readonly text: string; readonly exitCode: number } {
	try {
		const { unsupported: pending, warnings } = loadConfig(sources);
		const notes = [...pending.map((item) => `${item.key}: ${item.message}`), ...warnings];
		return { text: [...notes.map((note) => `warning: ${note}`), "OK"].join("\n"), exitCode: 0 };
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		return { text: error.problems.map((problem) => `error: ${formatProblem(problem)}`).join("\n"), exitCode: 2 };
	}
}

function readText(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "";
		throw new ConfigError([{ origin: file, key: "", message: READ_FAILURES[code] ?? `cannot be read (${code})` }]);
	}
}

const READ_FAILURES: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file; give the path of a TOML file",
	EISDIR: "is a folder; give the path of a TOML file",
	EACCES: "may not be read; change its owner or mode",
};

/** Later layers win, setting by setting. */
function merge(layers: readonly Layer[]): Map<string, Given> {
	return new Map(layers.flatMap((layer) => [...layer]));
}

function validate(given: Layer): RelayConfig {
	const result = v.safeParse(relayTable.schema, withDefaults(given));
	if (result.success) return result.output;
	throw new ConfigError(result.issues.map((issue) => problemOf(issue, given)));
}

/** All properties of all tables, as the schema wants them. */
function withDefaults(given: Layer): unknown {
	const tables = new Map<string, Record<string, unknown>>();
	for (const { property } of catalogue.tables.values()) {
		const table: Record<string, unknown> = {};
		tables.set(property.join("."), table);
		const parent = tables.get(property.slice(0, -1).join("."));
		const name = property.at(-1);
		if (parent !== undefined && name !== undefined) parent[name] = table;
	}
	for (const { path, property, setting } of catalogue.settings.values()) {
		const table = tables.get(property.slice(0, -1).join("."));
		const name = property.at(-1);
		if (table !== undefined && name !== undefined)
			table[name] = (given.get(path) ?? { value: setting.facts.fallback }).value;
	}
	return tables.get("");
}

function problemOf(issue: v.BaseIssue<unknown>, given: Layer): Problem {
	const property = (issue.path ?? []).map((item) => String(item.key)).join(".");
	for (const { path, property: known, setting } of catalogue.settings.values()) {
		const name = known.join(".");
		if (property !== name && !property.startsWith(`${name}.`)) continue;
		const source = given.get(path);
		const shown = setting.facts.secret === true ? "(hidden)" : show(source?.value);
		return { origin: source?.origin, key: `${path} = ${shown}`, message: `expected ${setting.kind.expected}` };
	}
	return { origin: undefined, key: property, message: issue.message };
}

function show(value: unknown): string {
	const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "nothing");
	return text.length > CONFIG_VALUE_CHARS_MAX ? `${text.slice(0, CONFIG_VALUE_CHARS_MAX)}…` : text;
}

function unsupported(given: Layer): Unsupported[] {
	const list: Unsupported[] = [];
	for (const { path, setting } of catalogue.settings.values()) {
		const source = given.get(path);
		if (source === undefined || setting.facts.pending === undefined) continue;
		const { fallback } = setting.facts;
		const schema = setting.kind.schema;
		// Saying what holds anyway asks for nothing.
		if (
			fallback !== undefined &&
			JSON.stringify(v.parse(schema, source.value)) === JSON.stringify(v.parse(schema, fallback))
		)
			continue;
		list.push({ key: path, message: `has no effect: ${setting.facts.pending}` });
	}
	return list;
}
