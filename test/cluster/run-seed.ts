/**
 * One seed of the simulation from beginning to end.
 * @module
 */
import { checkAll } from "./checks.ts";
import { type ScenarioOptions, scenarioOf } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

/** How to run a seed. */
export interface SeedOptions extends ScenarioOptions {
	/** Told what happens, line by line. */
	readonly trace?: (line: string) => void;
}

/** Everything that the seed says goes wrong, and then everything that must hold. @throws Error that tells how to replay it */
export async function runSeed(seed: number, options: SeedOptions): Promise<void> {
	const scenario = scenarioOf(seed, options);
	const simulation = new Simulation(scenario, options.trace);
	try {
		await simulation.run();
		await checkAll(simulation);
	} catch (cause) {
		const said = cause instanceof Error ? cause.message : String(cause);
		const { wiring, kind, relays } = scenario;
		const what = `${wiring}${wiring === "graph" ? `, ${kind}` : ""}, ${relays.length} relays`;
		throw new Error(`SEED=${seed} SIM_NODES=${options.sizeMax} (${what}): ${said}`, { cause });
	}
}
