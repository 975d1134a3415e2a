/**
 * Waiting for what happens in other processes.
 * @module
 */

/** Try `check` until it holds; what it threw last when `deadlineMs` has passed. Returns what it returned. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs: number = DEADLINE_MS): Promise<T> {
	const endMs = performance.now() + deadlineMs;
	for (;;) {
		try {
			return await check();
		} catch (error) {
			if (performance.now() >= endMs) throw error;
		}
		await pause(POLL_MS);
	}
}

/** Resolves later. */
export function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

const TIME_SCALE = Math.max(1, Number(process.env["TIME_SCALE"] ?? "1") || 1);

/** A hang, not a speed. */
const DEADLINE_MS: number = 60_000 * TIME_SCALE;
const POLL_MS = 250;
