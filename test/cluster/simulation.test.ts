/**
 * Clusters on virtual time. A failure names its seed: `SEED=17` replays that run alone, and tells what happens; `SIM_SEEDS` is how
 * many there are, and `SIM_NODES` how many relays at most. `npm run drill -- simulation --seeds 10000` runs many on all cores.
 */
import { test } from "node:test";
import { runSeed } from "./run-seed.ts";

const SEEDS = Number(process.env["SIM_SEEDS"] ?? 200);
const NODES = Number(process.env["SIM_NODES"] ?? 200);
const only = process.env["SEED"];
const trace = (line: string): void => void process.stderr.write(`${line}\n`);

if (only === undefined) {
	test(`Cluster heals whatever happens: one route to each broadcast, each group once, every byte (${SEEDS} seeds)`, async () => {
		for (let seed = 1; seed <= SEEDS; seed++) await runSeed(seed, { sizeMax: NODES });
	});
} else {
	test(`Cluster heals whatever happens in seed ${only}`, () => runSeed(Number(only), { sizeMax: NODES, trace }));
}
