/**
 * `npm run bench -- fan-sd [--viewers 50,100,200] [--transports quic,webtransport] [--arms ours,null,rust] [--pairs 5] [--window 20]
 * [--settle 5] [--out docs/reports]`, and `npm run bench -- setup`, which installs the Rust relay that `rust` compares with.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ARMS, type ArmName, rustRelay } from "./arm.ts";
import { type Cell, type Measurement, measure } from "./measurement.ts";
import { median, ratios, report } from "./report.ts";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		viewers: { type: "string", default: "50,100,200" },
		transports: { type: "string", default: "quic,webtransport" },
		arms: { type: "string", default: "ours,null,rust" },
		pairs: { type: "string", default: "5" },
		window: { type: "string", default: "20" },
		settle: { type: "string", default: "5" },
		out: { type: "string" },
	},
});

const SHAPES: Readonly<Record<string, Pick<Cell, "fps" | "frameBytes" | "groupFrames">>> = {
	"fan-sd": { fps: 60, frameBytes: 4000, groupFrames: 60 },
	"fan-hd": { fps: 30, frameBytes: 40_000, groupFrames: 60 },
	"audio-1": { fps: 50, frameBytes: 200, groupFrames: 1 },
	"audio-10": { fps: 50, frameBytes: 200, groupFrames: 10 },
};

const [name = ""] = positionals;
const shape = SHAPES[name];
if (shape === undefined) {
	process.stderr.write(`bench: cell "${name}" is none of ${Object.keys(SHAPES).join(", ")}\n`);
	process.exit(2);
}
const arms = values.arms.split(",").map((arm) => {
	const known = ARMS.find((one) => one === arm);
	if (known === undefined) throw new RangeError(`arm "${arm}" is none of ${ARMS.join(", ")}`);
	return known;
});
const wanted = arms.filter((arm) => arm !== "rust" || rustRelay() !== undefined);
if (wanted.length < arms.length)
	process.stdout.write("ratio_rust: not run (npm run bench -- setup installs the Rust relay)\n");

const runs: Measurement[] = [];
for (const transport of values.transports.split(",")) {
	if (transport !== "quic" && transport !== "webtransport") throw new RangeError(`transport "${transport}"`);
	for (const viewers of values.viewers.split(",").map(Number)) {
		await runCell({
			id: `${name} N=${viewers} ${transport}`,
			viewers,
			transport,
			...(shape as Pick<Cell, "fps" | "frameBytes" | "groupFrames">),
			settleSeconds: Number(values.settle),
			windowSeconds: Number(values.window),
		});
	}
}
if (values.out !== undefined) write(values.out);

/** All pairs of one cell; the order of the arms turns round from pair to pair. */
async function runCell(cell: Cell): Promise<void> {
	for (let pair = 0; pair < Number(values.pairs); pair++) {
		const order: readonly ArmName[] = pair % 2 === 0 ? wanted : [...wanted].reverse();
		for (const arm of order) {
			const run = await measure(arm, cell);
			runs.push(run);
			const us = run.numbers["server_us_per_frame"]?.toFixed(2) ?? "?";
			const refused = run.refusals.length === 0 ? "" : ` REFUSED: ${run.refusals.join("; ")}`;
			process.stdout.write(
				`${cell.id} pair ${pair + 1} ${arm}: ${us} µs/frame, p99 ${run.numbers["p99_ms"]} ms${refused}\n`,
			);
		}
	}
	const mine = runs.filter((run) => run.cell.id === cell.id);
	const ratio = median(ratios(mine, "ours", "rust"));
	process.stdout.write(`${cell.id}: ours / rust ${Number.isNaN(ratio) ? "not run" : ratio.toFixed(3)}\n`);
}

function write(folder: string): void {
	mkdirSync(folder, { recursive: true });
	const stem = `${folder}/${new Date().toISOString().slice(0, 10)}-${name}`;
	const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`;
	writeFileSync(`${stem}.jsonl`, `${runs.map((run) => JSON.stringify(run)).join("\n")}\n`);
	writeFileSync(`${stem}.md`, report(runs, command));
	process.stdout.write(
		`report: ${fileURLToPath(new URL(`file://${process.cwd()}/${stem}.md`))
			.split("/")
			.slice(-3)
			.join("/")}\n`,
	);
}
