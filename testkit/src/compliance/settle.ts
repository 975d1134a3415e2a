/**
 * Waiting for a transport that runs on real time: bounded, by turns of the event loop rather than by guessed delays.
 * @module
 */
import { setImmediate as macrotask, setTimeout as pause } from "node:timers/promises";
import { SETTLE_MS_MAX, TIME_SCALE } from "../limits.ts";

/**
 * `TransportPair.settle` for sockets and threads: asks after every turn, first at once and then each millisecond.
 * @throws Error when `until` does not hold within `SETTLE_MS_MAX`.
 */
export async function settleInRealTime(until: () => boolean): Promise<void> {
	const deadlineMs = performance.now() + SETTLE_MS_MAX * TIME_SCALE;
	for (let turn = 0; !until(); turn++) {
		if (performance.now() > deadlineMs) throw new Error(`the condition does not hold after ${turn} turns`);
		await (turn < EAGER_TURNS ? macrotask() : pause(1));
	}
}

const EAGER_TURNS = 50;
