/**
 * `npm run bench -- CELL… [--viewers 50,100] [--transports quic,webtransport] [--arms udp,null,ours,rust] [--pairs 5]
 * [--window 12] [--settle 3] [--control all|first|none] [--against REF] [--out FOLDER]`; `all` and `smoke` name every cell, `list`
 * shows them, `micro` runs the cells without a network, `charts` draws the page of `bench/report`, and `setup` installs the
 * Rust relay that `rust` compares with.
 * @module
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Against } from "./against.ts";
import { ARMS, type ArmName, ROOT, rustRelay, useBase } from "./arm.ts";
import { type Cell, cells, type Family, type Transport, type Wish } from "./cell.ts";
import { drawCharts } from "./chart.ts";
import { type Environment, environment } from "./environment.ts";
import { FAMILIES, SMOKE_RUST } from "./families.ts";
import { type Measurement, measure } from "./measurement.ts";
import { micro } from "./micro.ts";
import { report, verdicts } from "./report.ts";
import { runCell } from "./rounds.ts";
import { scripting } from "./scripting.ts";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		viewers: { type: "string" },
		transports: { type: "string" },
		arms: { type: "string" },
		pairs: { type: "string" },
		window: { type: "string" },
		settle: { type: "string" },
		control: { type: "string", default: "first" },
		against: { type: "string" },
		out: { type: "string" },
	},
});

/** A smoke run's windows, in s. */
const SMOKE_WINDOW = 4;
const SMOKE_SETTLE = 1.5;
const PAIRS = 5;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`;
const notMeasured: string[] = [];

switch (positionals[0]) {
	case undefined:
	case "list":
		for (const [name, family] of Object.entries(FAMILIES))
			say(`${name.padEnd(16)} ${family.workload.padEnd(6)} ${family.purpose} (${family.sizes.join(", ")})`);
		break;
	case "charts":
		say(`charts: ${drawCharts(positionals.slice(1))}`);
		break;
	case "micro":
		for (const line of micro()) say(line);
		break;
	default:
		await main();
}

async function main(): Promise<void> {
	const smoke = positionals[0] === "smoke";
	const names = smoke || positionals[0] === "all" ? Object.keys(FAMILIES) : positionals;
	const chosen = names.flatMap((name) => choose(name, smoke));
	using against = values.against === undefined ? undefined : new Against(values.against);
	if (against !== undefined) useBase(against.folder);
	if (rustRelay() === undefined) say("ratio_rust: not run (npm run bench -- setup installs the Rust relay)");
	const about = environment(command);
	const page = values.out === undefined ? undefined : openPage(values.out, about);
	const runs: Measurement[] = [];
	const tell = (run: Measurement): void => {
		runs.push(run);
		say(progress(run));
		page?.add(run);
	};
	// A smoke run has to end: what was refused is repeated once and then left.
	const [pairs, rounds] = smoke ? [1, { rounds: 1 }] : [PAIRS, {}];
	for (const [at, cell] of chosen.entries()) {
		const arms = armsOf(cell, at === 0 && !smoke);
		const mine = await runCell({ ...cell, arms }, Number(values.pairs ?? pairs), { measure, tell, ...rounds });
		for (const line of verdicts(mine)) say(line);
	}
	const remarks = { notMeasured, scripting: scripting(runs) };
	for (const line of [...notMeasured, ...remarks.scripting]) say(line);
	page?.end(report(runs, about, remarks));
	// A server that loses viewers or changes bytes is not merely slow.
	if (runs.some((run) => run.failure !== undefined && run.arm === "ours")) process.exitCode = 1;
}

/** The report's files: a line per run as it ends, so that nothing is lost, and the page in the end. */
function openPage(folder: string, about: Environment): { add(run: Measurement): void; end(text: string): void } {
	const stem = `${folder}/${about.date}-bench-${positionals.join("-")}`;
	mkdirSync(folder, { recursive: true });
	writeFileSync(`${stem}.jsonl`, `${JSON.stringify({ environment: about })}\n`);
	return {
		add: (run) => appendFileSync(`${stem}.jsonl`, `${JSON.stringify(run)}\n`),
		end: (text) => {
			writeFileSync(`${stem}.md`, text);
			say(`report: ${stem}.md`);
		},
	};
}

function choose(name: string, smoke: boolean): Cell[] {
	const family = FAMILIES[name];
	if (family === undefined) throw new RangeError(`cell "${name}" is none of ${Object.keys(FAMILIES).join(", ")}`);
	if (family.cores !== undefined && cpus().length < family.cores) {
		notMeasured.push(`${name}: not measured here (${family.purpose}; wants ${family.cores} cores)`);
		return [];
	}
	if (smoke && family.smoke === undefined) return [];
	const unknown = family.ours?.find((word) => word.startsWith("--") && !knows(word));
	if (unknown !== undefined) notMeasured.push(`${name}: our relay has no ${unknown}, so it ran without`);
	const known = unknown === undefined ? family : { ...family, ours: [] };
	return cells(name, known, smoke ? small(name, family) : wish());
}

/** What the options ask for. */
function wish(): Wish {
	return {
		viewers: values.viewers?.split(",").map(Number),
		transports: values.transports?.split(",").map(transport),
		arms: values.arms?.split(",").map(armName),
		settleSeconds: values.settle === undefined ? undefined : Number(values.settle),
		windowSeconds: values.window === undefined ? undefined : Number(values.window),
	};
}

/** A family in a smoke run. */
function small(name: string, family: Family): Wish {
	const asked = wish();
	return {
		viewers: [family.smoke ?? 0],
		transports: ["quic"],
		arms: asked.arms ?? (SMOKE_RUST.includes(name) ? ["ours", "rust"] : ["ours"]),
		settleSeconds: asked.settleSeconds ?? SMOKE_SETTLE,
		windowSeconds: asked.windowSeconds ?? SMOKE_WINDOW,
	};
}

/** Whether our relay has a flag. */
function knows(flag: string): boolean {
	const help = execFileSync(process.execPath, [`${ROOT}packages/relay/dist/main.js`, "--help"], { encoding: "utf8" });
	return help.includes(`${flag} `);
}

/** The arms that can run here, with the control and the other commit where they are wanted. */
function armsOf(cell: Cell, first: boolean): ArmName[] {
	const control = values.control === "all" || (values.control === "first" && first);
	const arms = cell.arms.filter((arm) => arm !== "rust" || rustRelay() !== undefined);
	if (control || values.against !== undefined) arms.push("control");
	if (values.against !== undefined) arms.push("base");
	return arms;
}

function progress(run: Measurement): string {
	const value = run.numbers[run.cell.number];
	const shown = run.failure ?? `${run.cell.number} ${value?.toFixed(3)}, p99 ${run.numbers["p99_ms"]?.toFixed(2)} ms`;
	const refused = run.refusals.length === 0 ? "" : ` REFUSED: ${run.refusals.join("; ")}`;
	return `${run.cell.id} round ${run.round + 1} ${run.arm}: ${shown}${refused}`;
}

function armName(name: string): ArmName {
	const known = ARMS.find((one) => one === name);
	if (known === undefined) throw new RangeError(`arm "${name}" is none of ${ARMS.join(", ")}`);
	return known;
}

function transport(name: string): Transport {
	if (name === "quic" || name === "webtransport") return name;
	throw new RangeError(`transport "${name}" is none of quic, webtransport`);
}
