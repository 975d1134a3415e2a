/**
 * The reference page of all settings, made from the same tables that read them.
 * @module
 */
import { type CataloguedSetting, type CataloguedTable, catalogue } from "./catalogue.ts";

/** The whole text of `docs/configuration.md`. */
export function referencePage(): string {
	const tables = [...catalogue.tables.values()].filter(({ path }) => path !== "");
	return `${[INTRODUCTION, ...tables.map(section)].join("\n\n")}\n`;
}

const INTRODUCTION: string = `# Settings

\`moq-relay [FILE] [flags]\` reads \`FILE\` (TOML), the environment and its flags; flags win over variables, variables over the
file, the file over the defaults, setting by setting. \`moq-relay check FILE\` says whether a file is valid. Unknown keys are
errors. A key that is valid but marked *no effect yet* is reported with one line at start.

Durations are texts such as "5s", "250ms" or "1h 30m"; sizes such as "8GiB". Where several values are possible, a single one
needs no list; in a flag or variable, commas separate them. A flag for true or false needs no value: \`--web-ws\` is
\`--web-ws=true\`. The variable RUST_LOG wins over \`log.level\`: \`info\`, or \`moq_relay=debug,quic=warn\`.

This page is made from the settings themselves (\`packages/relay/src/config\`); a test compares it.`;

function section({ path, table, shorthand }: CataloguedTable): string {
	const rows = [...catalogue.settings.values()].filter((setting) => tableOf(setting.path) === path).map(row);
	if (shorthand !== undefined) {
		const { flag, env, doc, reload } = shorthand;
		rows.unshift(line([`(as one value: \`${leafOf(path)} = …\`)`, "", `\`${flag}\``, `\`${env}\``, doc, reload]));
	}
	const head = [`## [${path}]`, "", `${table.facts.doc}.`];
	if (rows.length === 0) return head.join("\n");
	const columns = ["key", "default", "flag", "environment", "meaning", "change while running"];
	return [...head, "", line(columns), line(columns.map(() => "---")), ...rows].join("\n");
}

function row({ path, flag, env, setting }: CataloguedSetting): string {
	const { facts, kind } = setting;
	const older = [...(facts.aliases ?? []), ...(facts.oldFlags ?? [])].map((name) => `\`${name}\``);
	const meaning = [
		`${facts.doc}: ${kind.expected}`,
		...(older.length > 0 ? [`older: ${older.join(", ")}`] : []),
		...(facts.pending === undefined ? [] : [`*no effect yet*: ${facts.pending}`]),
	].join(". ");
	const fallback = facts.fallback === undefined ? "" : `\`${JSON.stringify(facts.fallback)}\``;
	return line([`\`${leafOf(path)}\``, fallback, `\`${flag}\``, `\`${env}\``, meaning, facts.reload]);
}

function line(cells: readonly string[]): string {
	return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function tableOf(path: string): string {
	return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

function leafOf(path: string): string {
	return path.slice(path.lastIndexOf(".") + 1);
}
