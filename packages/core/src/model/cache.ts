/**
 * The byte budget that all cached groups share.
 * @module
 */

/** Something the cache may drop. */
export interface CacheEntry {
	/** Give the bytes up, and `release` them. Called at most once per `offer`. */
	evict(): void;
}

/**
 * Counts the bytes of every group that is held. Over the budget it evicts what was offered, oldest offer first; what is
 * not offered (the latest group of each track) stays whatever it costs.
 */
export class Cache {
	readonly bytesMax: number;
	#byteLength = 0;
	readonly #offered: Set<CacheEntry> = new Set();

	constructor(bytesMax: number) {
		this.bytesMax = bytesMax;
	}

	/** Bytes held now, overhead included. */
	get byteLength(): number {
		return this.#byteLength;
	}

	/** Entries that may be evicted. */
	get offeredCount(): number {
		return this.#offered.size;
	}

	/** Count `bytes` more, and evict what that takes. */
	charge(bytes: number): void {
		this.#byteLength += bytes;
		this.#enforce();
	}

	/** Count `bytes` less. */
	release(bytes: number): void {
		this.#byteLength -= bytes;
	}

	/** Allow an entry to be evicted from now on. */
	offer(entry: CacheEntry): void {
		this.#offered.add(entry);
		this.#enforce();
	}

	/** Take an offer back. */
	withdraw(entry: CacheEntry): void {
		this.#offered.delete(entry);
	}

	#enforce(): void {
		for (const entry of this.#offered) {
			if (this.#byteLength <= this.bytesMax) return;
			this.#offered.delete(entry);
			entry.evict();
		}
	}
}
