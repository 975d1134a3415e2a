/**
 * Things that happen one after another, each in a turn of its own and after a random delay.
 * @module
 */
import type { SeededRandom } from "../seeded-random.ts";
import type { VirtualClock } from "../virtual-clock.ts";

/** The way between two threads: order is kept, time is not. */
export class Turns {
	readonly #clock: VirtualClock;
	readonly #random: SeededRandom;
	readonly #delayMs: number;
	#lastMs = 0;

	constructor(options: { readonly clock: VirtualClock; readonly random: SeededRandom; readonly delayMs: number }) {
		this.#clock = options.clock;
		this.#random = options.random;
		this.#delayMs = options.delayMs;
	}

	/** Run after all that was added before. */
	add(run: () => void): void {
		const now = this.#clock.nowMs();
		this.#lastMs = Math.max(this.#lastMs, now + this.#delayMs * this.#random.next());
		this.#clock.after(this.#lastMs - now, run);
	}
}
