/**
 * A token bucket.
 * @module
 */
import type { Clock } from "../clock.ts";

/** Lets `burst` events through at once and `perSecond` in the long run. */
export class RateLimit {
	readonly #clock: Clock;
	readonly #perMs: number;
	readonly #burst: number;
	#tokens: number;
	#atMs: number;

	constructor(clock: Clock, rate: { readonly perSecond: number; readonly burst: number }) {
		this.#clock = clock;
		this.#perMs = rate.perSecond / 1000;
		this.#burst = rate.burst;
		this.#tokens = rate.burst;
		this.#atMs = clock.nowMs();
	}

	/** Whether one more event fits, or one that counts as several; it is counted if so. */
	take(count = 1): boolean {
		if (this.#tokens < count) this.#refill();
		if (this.#tokens < count) return false;
		this.#tokens -= count;
		return true;
	}

	#refill(): void {
		const nowMs = this.#clock.nowMs();
		this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
		this.#atMs = nowMs;
	}
}
