/**
 * Which group sequences were seen, in bounded memory.
 * @module
 */
import { SEQUENCE_RANGES_MAX } from "./limits.ts";

/**
 * A set of group sequences, held as ranges. Beyond `SEQUENCE_RANGES_MAX` ranges the lowest gap is filled: a set that
 * forgets errs towards "seen", so nothing is ever delivered twice.
 */
export class SequenceSet {
	/** First and last of each range, ascending, neither touching nor overlapping. */
	#ranges: number[] = [];

	/** The lowest member; undefined when empty. */
	get min(): number | undefined {
		return this.#ranges[0];
	}

	/** The highest member; undefined when empty. */
	get max(): number | undefined {
		return this.#ranges.at(-1);
	}

	has(sequence: number): boolean {
		const at = this.#rangeAt(sequence);
		return at >= 0 && sequence <= (this.#ranges[at + 1] as number);
	}

	/** False when it was a member already. */
	add(sequence: number): boolean {
		const ranges = this.#ranges;
		const at = this.#rangeAt(sequence);
		if (at >= 0 && sequence <= (ranges[at + 1] as number)) return false;
		const next = at + 2;
		const joinsLow = at >= 0 && ranges[at + 1] === sequence - 1;
		const joinsHigh = next < ranges.length && ranges[next] === sequence + 1;
		if (joinsLow && joinsHigh) ranges.splice(at + 1, 2);
		else if (joinsLow) ranges[at + 1] = sequence;
		else if (joinsHigh) ranges[next] = sequence;
		else ranges.splice(next, 0, sequence, sequence);
		if (ranges.length > 2 * SEQUENCE_RANGES_MAX) ranges.splice(1, 2);
		return true;
	}

	delete(sequence: number): void {
		const ranges = this.#ranges;
		const at = this.#rangeAt(sequence);
		if (at < 0) return;
		const first = ranges[at] as number;
		const last = ranges[at + 1] as number;
		if (sequence > last) return;
		const kept: number[] = [];
		if (first < sequence) kept.push(first, sequence - 1);
		if (sequence < last) kept.push(sequence + 1, last);
		ranges.splice(at, 2, ...kept);
	}

	/** Index of the range with the highest first member that is not above `sequence`; −2 when there is none. */
	#rangeAt(sequence: number): number {
		// Groups come nearly in order, so the answer is at or near the end.
		for (let at = this.#ranges.length - 2; at >= 0; at -= 2) {
			if ((this.#ranges[at] as number) <= sequence) return at;
		}
		return -2;
	}
}
