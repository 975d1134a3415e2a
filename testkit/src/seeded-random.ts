/**
 * A small repeatable source of random numbers: the same seed gives the same run.
 * @module
 */

/** Mulberry32: 32 bits of state, good enough to shake a test, never for secrets. */
export class SeededRandom {
	readonly seed: number;
	#state: number;

	/** Only the lower 32 bits of `seed` count. */
	constructor(seed: number) {
		this.seed = seed >>> 0;
		this.#state = this.seed;
	}

	/** Uniform in [0, 1). */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** A whole number from 0 up to, not including, `bound` (≥ 1). */
	below(bound: number): number {
		return Math.floor(this.next() * bound);
	}

	/** True with the given probability (0 never, 1 always). */
	chance(probability: number): boolean {
		return this.next() < probability;
	}

	/** One of the items, which must not be empty. */
	pick<T>(items: readonly T[]): T {
		const item = items[this.below(items.length)];
		if (item === undefined) throw new RangeError("pick from an empty list");
		return item;
	}

	/** `length` bytes. */
	bytes(length: number): Uint8Array {
		const bytes = new Uint8Array(length);
		for (let at = 0; at < length; at++) bytes[at] = this.below(256);
		return bytes;
	}

	/** An independent source whose numbers follow from this one's seed and `label` alone. */
	fork(label: string): SeededRandom {
		let hash = this.seed ^ 0x811c9dc5;
		for (let at = 0; at < label.length; at++) hash = Math.imul(hash ^ label.charCodeAt(at), 0x01000193);
		return new SeededRandom(hash);
	}
}
