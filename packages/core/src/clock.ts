/**
 * Time and randomness, handed in: core has neither of its own, so that a test can drive both.
 * @module
 */

/** The one source of time and randomness. Relay and client pass the real one, testkit a virtual one. */
export interface Clock {
	/** Monotonic milliseconds, fractional; the zero is arbitrary. */
	nowMs(): number;
	/** Wall-clock milliseconds since 1970. */
	wallMs(): number;
	/** Run once after `delayMs` (≥ 0), in a turn of its own. Returns the cancellation, which may be called late. */
	after(delayMs: number, run: () => void): () => void;
	/** Uniform in [0, 1). */
	random(): number;
}
