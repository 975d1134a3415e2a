/**
 * The page of `bench/report`: bars of every arm of every cell, and ratios against their targets, as plain SVG.
 * @module
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { ROOT } from "./arm.ts";
import type { Environment } from "./environment.ts";
import { isValid, type Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";
import { judge } from "./verdict.ts";

/** What one file of JSON lines holds. */
export interface Results {
	readonly environment: Environment;
	readonly runs: readonly Measurement[];
}

const WIDTH = 760;
const LABEL = 250;
const ROW = 20;
const COLOURS: Readonly<Record<string, string>> = {
	ours: "#2a6fdb",
	control: "#9dbdf0",
	base: "#6f8fc0",
	rust: "#c8632b",
	null: "#4d9a57",
	udp: "#888888",
};

/** Draw the page from files of JSON lines, by default all of `docs/reports`; returns where it is, from the project's folder. */
export function drawCharts(files: readonly string[]): string {
	const found = files.length > 0 ? files : globSync(`${ROOT}docs/reports/*-bench-*.jsonl`).sort();
	const parts = found.map((file) => section(parseResults(readFileSync(file, "utf8"))));
	mkdirSync(`${ROOT}bench/report`, { recursive: true });
	writeFileSync(`${ROOT}bench/report/index.html`, page(parts));
	return "bench/report/index.html";
}

/** Read what `--out` wrote: the environment, then a run a line. @throws SyntaxError */
export function parseResults(text: string): Results {
	const [first, ...rest] = text.split("\n").filter((line) => line !== "");
	const { environment } = JSON.parse(first ?? "{}") as { environment: Environment };
	return { environment, runs: rest.map((line) => JSON.parse(line) as Measurement) };
}

/** The charts of one file. */
export function section({ environment, runs }: Results): string {
	const ids = [...new Set(runs.map((run) => run.cell.id))];
	const of = (id: string): Measurement[] => runs.filter((run) => run.cell.id === id);
	const machine = `${environment.cores} × ${environment.model}, Linux ${environment.kernel}, commit ${environment.commit}`;
	const heading = `<h2>${escape(environment.date)}</h2><p>${escape(machine)}<br><code>${escape(environment.command)}</code></p>`;
	return [heading, ratioChart(ids.map(of)), ...ids.map((id) => bars(of(id)))].join("\n");
}

/** Medians of the valid runs of each arm, with the lowest and the highest as a line. */
function bars(runs: readonly Measurement[]): string {
	const number = runs[0]?.cell.number ?? "";
	const rows = [...new Set(runs.map((run) => run.arm))].flatMap((arm) => {
		const mine = runs.filter((run) => run.arm === arm && isValid(run));
		const values = mine.flatMap((run) => run.numbers[number] ?? []);
		return values.length === 0 ? [] : [{ name: arm, values }];
	});
	if (rows.length === 0) return "";
	return chart(`${runs[0]?.cell.workload} ${runs[0]?.cell.id}: ${number}`, rows);
}

function ratioChart(groups: readonly Measurement[][]): string {
	const rows = groups.flatMap((runs) =>
		(runs[0]?.cell.targets ?? []).flatMap((target) => {
			const { values } = judge(runs, target);
			if (target.to === undefined || values.length === 0) return [];
			return [
				{ name: `${runs[0]?.cell.id}, ${target.to}`, values, mark: target.atMost ?? target.atLeast, colour: "ours" },
			];
		}),
	);
	return rows.length === 0 ? "" : chart("ours / other, with the target as a red line", rows);
}

interface Row {
	readonly name: string;
	readonly values: readonly number[];
	readonly mark?: number | undefined;
	readonly colour?: string;
}

function chart(title: string, rows: readonly Row[]): string {
	const most = Math.max(...rows.flatMap((row) => [...row.values, row.mark ?? 0]), 1e-9);
	const x = (value: number): number => LABEL + (Math.max(value, 0) / most) * (WIDTH - LABEL - 80);
	const body = rows.map((row, at) => {
		const middle = median(row.values);
		const y = at * ROW + 4;
		const colour = COLOURS[row.colour ?? row.name] ?? "#2a6fdb";
		const mark =
			row.mark === undefined ? "" : `<path d="M${x(row.mark)} ${y - 2}v${ROW - 4}" stroke="#c00" stroke-width="2"/>`;
		return [
			`<text x="${LABEL - 6}" y="${y + 11}" text-anchor="end">${escape(row.name)}</text>`,
			`<rect x="${LABEL}" y="${y}" width="${(x(middle) - LABEL).toFixed(1)}" height="${ROW - 8}" fill="${colour}"/>`,
			`<path d="M${x(Math.min(...row.values)).toFixed(1)} ${y + 6}H${x(Math.max(...row.values)).toFixed(1)}" stroke="#000"/>`,
			mark,
			`<text x="${x(Math.max(...row.values, row.mark ?? 0)) + 6}" y="${y + 11}">${middle.toPrecision(3)}</text>`,
		].join("");
	});
	const height = rows.length * ROW + 8;
	return `<h3>${escape(title)}</h3><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">${body.join("")}</svg>`;
}

function page(parts: readonly string[]): string {
	const style = "body{font:14px sans-serif;margin:2em;max-width:60em}svg{font:12px sans-serif}h3{margin-bottom:.3em}";
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Benchmark</title><style>${style}</style>
<h1>Benchmark</h1><p>Bars are medians of the runs that passed every gate, lines their range. Made by <code>npm run bench -- charts</code>.</p>
${parts.join("\n")}
</html>
`;
}

function escape(text: string): string {
	return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
