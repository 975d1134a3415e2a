/**
 * The time line of a recording.
 * @module
 */

/**
 * Maps the times of a broadcast to those of the file, which begins at 0 and never goes back: a publisher that comes back
 * with later times leaves a gap, one that begins anew goes on where the one before stopped.
 */
export class Timeline {
	/** File time is source time minus this. */
	#shiftUs: number | undefined;
	#lastUs = 0;
	#isRestarting = false;

	/** Source time `us` in the file, in µs; below 0 when it lies before the beginning. */
	map(us: number): number {
		if (this.#shiftUs === undefined) this.#shiftUs = us;
		else if (this.#isRestarting) this.#rejoin(us, this.#shiftUs);
		this.#isRestarting = false;
		const at = us - this.#shiftUs;
		this.#lastUs = Math.max(this.#lastUs, at);
		return at;
	}

	/** The next times are another publisher's. */
	restart(): void {
		this.#isRestarting = this.#shiftUs !== undefined;
	}

	#rejoin(us: number, shiftUs: number): void {
		const gapUs = us - shiftUs - this.#lastUs;
		if (gapUs < 0 || gapUs > GAP_US_MAX) this.#shiftUs = us - this.#lastUs - JOINT_US;
	}
}

/** A longer gap is no pause but another clock. */
const GAP_US_MAX = 3_600_000_000;

/** From the last frame of one publisher to the first of the next, when their clocks have nothing in common. */
const JOINT_US = 40_000;
