/**
 * From measurements to a page that says what was compared, how, and what came out.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import type { ArmName } from "./arm.ts";
import type { Measurement } from "./measurement.ts";

const COLUMNS = [
	["server_us_per_frame", "µs/frame"],
	["p50_ms", "p50 ms"],
	["p99_ms", "p99 ms"],
	["join_p50_ms", "join p50 ms"],
] as const;

/** The middle of a list; NaN of an empty one. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
	return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** The geometric mean; NaN of an empty list. */
export function geometricMean(values: readonly number[]): number {
	return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Ratios of one arm to another on CPU per frame, run by run in the order they were made. */
export function ratios(runs: readonly Measurement[], arm: ArmName, to: ArmName): number[] {
	const of = (name: ArmName): Measurement[] => runs.filter((run) => run.arm === name);
	const [ours, theirs] = [of(arm), of(to)];
	const pairs = Math.min(ours.length, theirs.length);
	return Array.from({ length: pairs }, (_, at) => [ours[at], theirs[at]] as const)
		.filter(([a, b]) => a?.refusals.length === 0 && b?.refusals.length === 0)
		.map(([a, b]) => cost(a as Measurement) / cost(b as Measurement));
}

/** The page. */
export function report(runs: readonly Measurement[], command: string): string {
	const lines = [`# Benchmark of ${new Date().toISOString().slice(0, 10)}`, "", ...preamble(command)];
	for (const id of new Set(runs.map((run) => run.cell.id))) {
		const mine = runs.filter((run) => run.cell.id === id);
		lines.push("", `## ${id}`, "", ...table(mine), "", ...verdict(mine));
	}
	return `${lines.join("\n")}\n`;
}

function preamble(command: string): string[] {
	const memory = /MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? "0";
	const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
	return [
		`Command: \`${command}\`, commit ${commit}.`,
		`Machine: ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(Number(memory) / 2 ** 20)} GiB, Linux ${release()}, Node ${process.version}.`,
		"Server pinned to one core, load client (publisher and viewers, each on its own connection, every byte compared) to another; loopback.",
		"CPU is that of all threads of the server's process, kernel and softirq included, over the window, per frame delivered.",
		"Medians over runs whose numbers passed every gate; ratios are of neighbouring runs, the order swapped from pair to pair.",
	];
}

function table(runs: readonly Measurement[]): string[] {
	const head = ["arm", "runs", ...COLUMNS.map(([, title]) => title), "KB/viewer", "delivered"];
	const rows = [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`];
	for (const arm of new Set(runs.map((run) => run.arm))) {
		const mine = runs.filter((run) => run.arm === arm);
		const good = mine.filter((run) => run.refusals.length === 0);
		const of = (name: string): string => median(good.map((run) => run.numbers[name] ?? Number.NaN)).toFixed(2);
		const memory = median(good.map(memoryPerViewer)).toFixed(0);
		const cells = COLUMNS.map(([name]) => of(name));
		rows.push(`| ${[arm, `${good.length}/${mine.length}`, ...cells, memory, of("delivered_share")].join(" | ")} |`);
	}
	for (const run of runs.filter((run) => run.refusals.length > 0)) {
		rows.push("", `Refused (${run.arm}): ${run.refusals.join("; ")}.`);
	}
	return rows;
}

function verdict(runs: readonly Measurement[]): string[] {
	const pairs = [
		["ours", "rust"],
		["null", "rust"],
		["ours", "null"],
	] as const;
	return pairs.flatMap(([arm, to]) => {
		const found = ratios(runs, arm, to);
		if (found.length === 0) return [];
		const spread = `${Math.min(...found).toFixed(3)}–${Math.max(...found).toFixed(3)}`;
		return [
			`- \`${arm}\` / \`${to}\`: median ${median(found).toFixed(3)}, geometric mean ${geometricMean(found).toFixed(3)} (${spread}, ${found.length} pairs)`,
		];
	});
}

function cost(run: Measurement): number {
	return run.numbers["server_us_per_frame"] ?? Number.NaN;
}

function memoryPerViewer(run: Measurement): number {
	const grown = (run.numbers["server_rss_kb"] ?? 0) - (run.numbers["server_rss_kb_before"] ?? 0);
	return grown / run.cell.viewers;
}
