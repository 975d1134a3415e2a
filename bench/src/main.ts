/**
 * `npm run bench -- CELL… [--viewers 50,100] [--transports quic,webtransport] [--arms udp,null,ours,rust] [--pairs 5]
 * [--window 12] [--settle 3] [--control all|first|none] [--against REF] [--out FOLDER]`; `all` and `smoke` name every cell, `list`
 * shows them, `micro` runs the cells without a network, `charts` draws the page of `bench/report`, and `setup` installs the
 * Rust relay that `rust` compares with.
 * @module
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Against } from "./against.ts";
import { ARMS, type ArmName, rustRelay, useBase } from "./arm.ts";
import { type Cell, cells, type Transport, type Wish } from "./cell.ts";
import { drawCharts } from "./chart.ts";
import { environment } from "./environment.ts";
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
	const stem = values.out === undefined ? undefined : `${values.out}/${about.date}-bench-${positionals.join("-")}`;
	if (stem !== undefined) {
		mkdirSync(values.out as string, { recursive: true });
		writeFileSync(`${stem}.jsonl`, `${JSON.stringify({ environment: about })}\n`);
	}
	const runs: Measurement[] = [];
	const tell = (run: Measurement): void => {
		runs.push(run);
		say(progress(run));
		if (stem !== undefined) appendFileSync(`${stem}.jsonl`, `${JSON.stringify(run)}\n`);
	};
	for (const [at, cell] of chosen.entries()) {
		const first = at === 0 && !smoke;
		const arms = armsOf(cell, values.control === "all" || (values.control === "first" && first));
		const mine = await runCell({ ...cell, arms }, Number(values.pairs ?? (smoke ? 1 : PAIRS)), { measure, tell });
		for (const line of verdicts(mine)) say(line);
	}
	const remarks = { notMeasured, scripting: scripting(runs) };
	for (const line of [...notMeasured.map((one) => `${one}: not measured here`), ...remarks.scripting]) say(line);
	if (stem !== undefined) {
		writeFileSync(`${stem}.md`, report(runs, about, remarks));
		say(`report: ${stem}.md`);
	}
	// A server that loses viewers or changes bytes is not merely slow.
	if (runs.some((run) => run.failure !== undefined && run.arm === "ours")) process.exitCode = 1;
}

function choose(name: string, smoke: boolean): Cell[] {
	const family = FAMILIES[name];
	if (family === undefined) throw new RangeError(`cell "${name}" is none of ${Object.keys(FAMILIES).join(", ")}`);
	if (family.cores !== undefined && cpus().length < family.cores) {
		notMeasured.push(`${name} (${family.purpose}) wants ${family.cores} cores`);
		return [];
	}
	if (smoke && family.smoke === undefined) return [];
	const wish: Wish = {
		viewers: values.viewers?.split(",").map(Number),
		transports: values.transports?.split(",").map(transport),
		arms: values.arms?.split(",").map(armName),
		settleSeconds: values.settle === undefined ? undefined : Number(values.settle),
		windowSeconds: values.window === undefined ? undefined : Number(values.window),
	};
	if (!smoke) return cells(name, family, wish);
	const arms: ArmName[] = SMOKE_RUST.includes(name) ? ["ours", "rust"] : ["ours"];
	const small: Wish = { viewers: [family.smoke ?? 0], transports: ["quic"], arms };
	return cells(name, family, {
		settleSeconds: SMOKE_SETTLE,
		windowSeconds: SMOKE_WINDOW,
		...small,
		...(wish.arms === undefined ? {} : { arms: wish.arms }),
	});
}

/** The arms that can run here, with the control and the other commit where they are wanted. */
function armsOf(cell: Cell, control: boolean): ArmName[] {
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
