/**
 * Pauses between attempts: doubling, capped, with jitter so that a thousand clients do not come back at once.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import { BACKOFF_FIRST_MS, BACKOFF_MS_MAX } from "./limits.ts";

/** The pauses of one peer. */
export class Backoff {
	readonly #clock: Clock;
	#ms: number = BACKOFF_FIRST_MS;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** The next pause in ms: half to all of the current step, which then doubles. */
	next(): number {
		const ms = this.#ms * (0.5 + this.#clock.random() / 2);
		this.#ms = Math.min(BACKOFF_MS_MAX, this.#ms * 2);
		return ms;
	}

	/** Begin again with the first pause. */
	reset(): void {
		this.#ms = BACKOFF_FIRST_MS;
	}
}
