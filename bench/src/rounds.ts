/**
 * The runs of one cell: rounds in which each arm runs once, the order turned round from one to the next, until there are
 * enough rounds without a refused run.
 * @module
 */
import { ARMS, type ArmName } from "./arm.ts";
import type { Cell } from "./cell.ts";
import { isValid, type Measurement } from "./measurement.ts";

/** How often a refused run is repeated at once. */
const REPEATS = 1;
/** Rounds at most, as a multiple of those wanted. */
const ROUNDS_FACTOR = 2;

/** Runs one arm once. */
export type Measure = (arm: ArmName, cell: Cell, round: number) => Promise<Measurement>;

/** The arms as they follow each other in a round: those that are compared are neighbours. */
export function order(arms: readonly ArmName[], round: number): ArmName[] {
	const sorted = ARMS.filter((arm) => arms.includes(arm));
	return round % 2 === 0 ? sorted : sorted.reverse();
}

/** Run a cell until `pairs` rounds are valid, or twice as many were tried; tells each run as it ends. */
export async function runCell(
	cell: Cell,
	pairs: number,
	how: {
		readonly measure: Measure;
		readonly tell: (run: Measurement) => void;
		/** Rounds at most; by default twice as many as wanted. */
		readonly rounds?: number;
	},
): Promise<Measurement[]> {
	const runs: Measurement[] = [];
	let valid = 0;
	for (let round = 0; round < (how.rounds ?? pairs * ROUNDS_FACTOR) && valid < pairs; round++) {
		let whole = true;
		for (const arm of order(cell.arms, round)) {
			let run = await how.measure(arm, cell, round);
			runs.push(run);
			how.tell(run);
			for (let repeat = 0; repeat < REPEATS && run.refusals.length > 0; repeat++) {
				run = await how.measure(arm, cell, round);
				runs.push(run);
				how.tell(run);
			}
			// What a server does wrong is a result: another round would not undo it.
			whole &&= isValid(run) || run.failure !== undefined;
		}
		if (whole) valid++;
	}
	return runs;
}
