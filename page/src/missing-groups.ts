/** Groups that are remembered as missing, so that a stranger's numbering can't fill the page's memory. */
const MISSING_MAX = 10_000;

/** The groups of one subscription that did not come whole: holes in the sequence numbers, and groups cut short. */
export class MissingGroups {
	readonly #missing = new Set<number>();
	#next: number | undefined;

	/** How many there are now: a group that comes late fills its hole again. */
	get count(): number {
		return this.#missing.size;
	}

	/** A group began to arrive. */
	began(sequence: number): void {
		const next = this.#next ?? sequence;
		for (let hole = Math.max(next, sequence - MISSING_MAX); hole < sequence; hole++) this.#add(hole);
		this.#missing.delete(sequence);
		this.#next = Math.max(next, sequence + 1);
	}

	/** A group ended before its end. */
	cut(sequence: number): void {
		this.#add(sequence);
	}

	#add(sequence: number): void {
		if (this.#missing.size < MISSING_MAX) this.#missing.add(sequence);
	}
}
