/**
 * From measurements to a page that says what was compared, how, and what came out.
 * @module
 */
import type { ArmName } from "./arm.ts";
import type { Environment } from "./environment.ts";
import { isValid, type Measurement } from "./measurement.ts";
import { geometricMean, median } from "./statistics.ts";
import { change, judge, ratios, sentence } from "./verdict.ts";

/** Columns of the tables; one that no arm of a cell has is left out. */
const COLUMNS: readonly (readonly [string, string, number])[] = [
	["server_us_per_frame", "µs/frame", 2],
	["server_cpu_share", "of a core", 3],
	["p50_ms", "p50 ms", 2],
	["p99_ms", "p99 ms", 2],
	["storm_p99_ms", "p99 in storm ms", 2],
	["storm_join_p50_ms", "keyframe p50 ms", 2],
	["storm_join_p99_ms", "keyframe p99 ms", 2],
	["us_per_join", "µs/join", 0],
	["main_us_per_join", "JS µs/join", 0],
	["slow_p99_ms", "p99 disturbed ms", 2],
	["others_delivered_share", "delivered over the bad network", 3],
	["others_p50_ms", "its age p50 ms", 0],
	["others_p99_ms", "its age p99 ms", 0],
	["announce_all_ms", "all shown ms", 1],
	["server_us_per_announcement", "µs/announcement", 1],
	["propagation_p99_ms", "change p99 ms", 2],
	["fetch_p50_ms", "FETCH p50 ms", 2],
	["fetch_p99_ms", "FETCH p99 ms", 2],
	["engine_us_per_frame", "engine µs/frame", 2],
	["us_per_web_frame", "µs/wss frame", 2],
	["web_engine_ratio", "engine µs with / without wss", 3],
	["kb_per_viewer", "KB/viewer", 0],
	["idle_kb_per_connection", "KB/idle", 0],
	["residue_share", "remains", 3],
	["rss_kb_per_minute", "KB/min", 1],
	["jain", "Jain", 4],
	["delivered_share", "delivered", 4],
];

/** What else the report says, beside the runs. */
export interface Remarks {
	/** What was asked for but could not be measured, or not so, each with the reason. */
	readonly notMeasured: readonly string[];
	/** Lines about JavaScript on the main thread. */
	readonly scripting: readonly string[];
}

/** The page. */
export function report(runs: readonly Measurement[], about: Environment, remarks: Remarks): string {
	const control = runs.flatMap((run) => (run.arm === "control" ? [run.cell.id] : []));
	const lines = [`# Benchmark of ${about.date}`, "", ...preamble(about), "", "## Verdicts", "", ...verdicts(runs)];
	lines.push(...remarks.notMeasured.map((line) => `- ${line}`));
	lines.push(...remarks.scripting.map((line) => `- ${line}`));
	lines.push("", "## Control: ours against ours", "");
	if (control.length === 0) lines.push("Not run.");
	for (const id of new Set(control)) lines.push(comparison(of(runs, id), ["control", "ours"]));
	for (const id of new Set(runs.map((run) => run.cell.id))) {
		const mine = of(runs, id);
		lines.push(
			"",
			`## ${mine[0]?.cell.workload} ${id}`,
			"",
			...table(mine),
			"",
			...comparisons(mine),
			...refused(mine),
		);
	}
	return `${lines.join("\n").replace(/\n{3,}/g, "\n\n")}\n`;
}

/** The verdict lines of all cells. */
export function verdicts(runs: readonly Measurement[]): string[] {
	const out: string[] = [];
	for (const id of new Set(runs.map((run) => run.cell.id))) {
		const mine = of(runs, id);
		const targets = mine[0]?.cell.targets ?? [];
		const wanted = targets.filter((target) => target.to === undefined || mine.some((run) => run.arm === target.to));
		const lines = wanted.map((target) => sentence(judge(mine, target), mine));
		const values = mine.filter(isValid).map((run) => run.numbers[run.cell.number] ?? Number.NaN);
		const value = values.length === 0 ? "no valid run" : median(values).toFixed(2);
		if (lines.length === 0) lines.push(`${mine[0]?.cell.number}, no target: ${value}`);
		out.push(...lines.map((line) => `- ${mine[0]?.cell.workload} ${id}: ${line}`));
	}
	return out;
}

function of(runs: readonly Measurement[], id: string): Measurement[] {
	return runs.filter((run) => run.cell.id === id);
}

function preamble(about: Environment): string[] {
	const changed = about.changed === 0 ? "" : ` with ${about.changed} changed files`;
	return [
		`Command: \`${about.command}\`, commit ${about.commit}${changed}. Rust relay: ${about.rust}.`,
		`Machine: ${about.cores} × ${about.model}, ${about.memoryGib} GiB, Linux ${about.kernel}, Node ${about.node}; loopback.`,
		"Server pinned to one core, load client (publisher and viewers, each on its own connection, every byte compared) to another.",
		"CPU is that of all threads of the server's process, kernel and softirq included, over the window, per frame delivered.",
		"Medians are over runs that passed every gate; ratios are of runs of one round, the order turned round from round to round.",
		"`null` is the engine without a relay, `udp` the kernel without QUIC: the same bytes, one GSO send per frame and viewer, one datagram back.",
	];
}

function table(runs: readonly Measurement[]): string[] {
	const valid = runs.filter(isValid);
	const columns = COLUMNS.filter(([name]) => valid.some((run) => run.numbers[name] !== undefined));
	const head = ["arm", "runs", ...columns.map(([, title]) => title)];
	const rows = [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`];
	for (const arm of new Set(runs.map((run) => run.arm))) {
		const mine = runs.filter((run) => run.arm === arm);
		const good = mine.filter(isValid);
		const values = columns.map(([name, , digits]) => {
			const found = good.flatMap((run) => run.numbers[name] ?? []);
			return found.length === 0 ? "–" : median(found).toFixed(digits);
		});
		rows.push(`| ${[arm, `${good.length}/${mine.length}`, ...values].join(" | ")} |`);
	}
	return rows;
}

function refused(runs: readonly Measurement[]): string[] {
	const why = (run: Measurement): string => run.failure ?? run.refusals.join("; ");
	return runs
		.filter((run) => !isValid(run))
		.flatMap((run) => [
			"",
			`${run.failure === undefined ? "Refused" : "Failed"} (${run.arm}, round ${run.round + 1}): ${why(run)}.`,
		]);
}

const COMPARED: readonly (readonly [ArmName, ArmName])[] = [
	["ours", "rust"],
	["ours", "base"],
	["null", "rust"],
	["ours", "null"],
	["ours", "udp"],
];

function comparisons(runs: readonly Measurement[]): string[] {
	const arms = new Set(runs.map((run) => run.arm));
	return COMPARED.filter(([arm, to]) => arms.has(arm) && arms.has(to)).map((pair) => comparison(runs, pair));
}

function comparison(runs: readonly Measurement[], [arm, to]: readonly [ArmName, ArmName]): string {
	const number = runs[0]?.cell.number ?? "";
	const found = ratios(runs, { arm, to, number });
	const name = `- ${runs[0]?.cell.id}, ${number}: \`${arm}\` / \`${to}\``;
	if (found.length === 0) return `${name}: no valid pair`;
	const range = `${Math.min(...found).toFixed(3)}–${Math.max(...found).toFixed(3)}, ${found.length} pairs`;
	const means = `median ${median(found).toFixed(3)}, geometric mean ${geometricMean(found).toFixed(3)} (${range})`;
	if (to !== "base") return `${name}: ${means}`;
	return `${name}: ${means}: ${change(found, ratios(runs, { arm: "control", to: "ours", number }))}`;
}
