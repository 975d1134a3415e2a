/**
 * Clusters on virtual time. A failure names its seed: `SIM_SEED=17` replays that run alone; `SIM_SEEDS` is how many there
 * are, and `SIM_NODES` how many relays at most.
 */
import { test } from "node:test";
import { Simulation } from "./simulation.ts";

const SEEDS = Number(process.env["SIM_SEEDS"] ?? 50);
const NODES = Number(process.env["SIM_NODES"] ?? 30);
const only = process.env["SIM_SEED"];
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];

test(`Cluster heals whatever happens: one route to each broadcast, each group once, every byte (${seeds.length} seeds)`, () => {
	for (const seed of seeds) {
		try {
			const simulation = new Simulation(seed, NODES);
			simulation.run();
			simulation.check();
		} catch (cause) {
			const said = cause instanceof Error ? cause.message : String(cause);
			throw new Error(`SIM_SEED=${seed} SIM_NODES=${NODES}: ${said}`, { cause });
		}
	}
});
