/**
 * Many seeds of the simulated cluster on all cores: `npm run drill -- simulation --seeds 10000`, and `--from 4001` to go on
 * where a run was stopped. A seed that fails is printed, and `SEED=n node scripts/run-tests.js test/cluster/simulation` replays it.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SHORT = process.env["MOQ_DRILL_SHORT"] === "1";
const SEEDS = Number(process.env["MOQ_DRILL_SEEDS"] ?? (SHORT ? 20 : 1000));
const FROM = Number(process.env["MOQ_DRILL_FROM"] ?? 1);
const SLICE = 25;
const WORKER = fileURLToPath(new URL("../cluster/seeds-process.ts", import.meta.url));

/** Run one slice; what its process says of seeds that fail. */
function runSlice(from: number, to: number): Promise<readonly string[]> {
	return new Promise((resolve) => {
		const failures: string[] = [];
		const child = fork(WORKER, [String(from), String(to)], { execArgv: ["-C", "source"] });
		child.on("message", (message) => void failures.push(JSON.stringify(message)));
		child.on("exit", (code) => {
			if (code !== 0) failures.push(`seeds ${from} to ${to}: their process ended with ${code}`);
			resolve(failures);
		});
	});
}

test(`Cluster heals in seeds ${FROM} to ${FROM + SEEDS - 1}`, { timeout: 24 * 3600 * 1000 }, async (context) => {
	const failures: string[] = [];
	let next = FROM;
	const work = async (): Promise<void> => {
		while (next < FROM + SEEDS) {
			const from = next;
			next = Math.min(next + SLICE, FROM + SEEDS);
			for (const failure of await runSlice(from, next - 1)) {
				failures.push(failure);
				process.stdout.write(`${failure}\n`);
			}
		}
	};
	await Promise.all(Array.from({ length: availableParallelism() }, work));
	context.diagnostic(`${SEEDS} seeds, ${failures.length} failed`);
	assert.deepEqual(failures, []);
});
