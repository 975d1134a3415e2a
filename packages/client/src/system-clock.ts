/**
 * The machine's own time and randomness, for everything that runs outside a test.
 * @module
 */
import type { Clock } from "@moq-relay/core";

/** The real clock. Its timers do not keep a process alive by themselves. */
export const systemClock: Clock = {
	nowMs: () => performance.now(),
	wallMs: () => Date.now(),
	after: (delayMs, run) => {
		// A timer of 0 ms takes 1 ms; the next turn of the event loop is what is meant.
		if (delayMs <= 0 && typeof setImmediate === "function") return immediately(run);
		const timer = setTimeout(run, Math.min(delayMs, DELAY_MS_MAX));
		// Browsers have plain numbers here, which nothing waits for anyway.
		if (typeof timer === "object") timer.unref();
		return () => clearTimeout(timer);
	},
	random: () => Math.random(),
};

function immediately(run: () => void): () => void {
	const immediate = setImmediate(run);
	return () => clearImmediate(immediate);
}

/** A longer time-out would overflow and run at once; about 24 days. */
const DELAY_MS_MAX = 0x7fff_ffff;
