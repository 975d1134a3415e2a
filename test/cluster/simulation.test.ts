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

/** Seeds that found a defect once, and which. */
const FOUND: readonly (readonly [number, string])[] = [
	[3, "a full mesh tried every way in turn when a broadcast ended"],
	[31, "a start that another publisher had made large was never given up for an earlier one"],
	[58, "a viewer over moq-lite-03 that came back within the linger took all names for echoes"],
	[424, "a publisher that nobody named was continued by the next one"],
	[1017, "over moq-lite-03 a name that another relay still announced hid the living broadcast for good"],
];

if (only === undefined) {
	for (const [seed, what] of FOUND)
		test(`Cluster heals in seed ${seed}: ${what}`, () => runSeed(seed, { sizeMax: 200 }));
	test(`Cluster heals whatever happens: one route to each broadcast, each group once, every byte (${SEEDS} seeds)`, async () => {
		for (let seed = 1; seed <= SEEDS; seed++) await runSeed(seed, { sizeMax: NODES });
	});
} else {
	test(`Cluster heals whatever happens in seed ${only}`, () => runSeed(Number(only), { sizeMax: NODES, trace }));
}
