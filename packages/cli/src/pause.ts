/**
 * Waiting on a clock.
 * @module
 */
import type { Clock } from "@moq-relay/core";

/** Resolves after `ms`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
	return new Promise((resolve) => {
		clock.after(ms, resolve);
	});
}

/** Run every `ms`, the first time after the first of them. Returns the cancellation. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
	let cancel: () => void;
	const again = (): void => {
		cancel = clock.after(ms, again);
		run();
	};
	cancel = clock.after(ms, again);
	return () => cancel();
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return Promise.resolve();
	return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
