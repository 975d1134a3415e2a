/**
 * A rate per key: so many a second in the long run, and a burst at once.
 * @module
 */

/** How fast, and how many keys are remembered. */
export interface RateLimit {
	/** In the long run; 0 is no limit. */
	readonly perSecond: number;
	/** At once; at least 1 where there is a rate. */
	readonly burst: number;
	/** Keys remembered; the one used longest ago is forgotten first, which favours it. */
	readonly keysMax: number;
}

/** One bucket for each key. */
export class TokenBuckets {
	readonly #limit: RateLimit;
	/** In the order of last use. */
	readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

	constructor(limit: RateLimit) {
		this.#limit = limit;
	}

	/** Keys remembered now. */
	get size(): number {
		return this.#buckets.size;
	}

	/** Take one token; false when there is none. `nowMs` is monotonic. */
	take(key: string, nowMs: number): boolean {
		const { perSecond, burst, keysMax } = this.#limit;
		if (perSecond === 0) return true;
		const bucket = this.#buckets.get(key) ?? { tokens: Math.max(burst, 1), atMs: nowMs };
		const earned = ((nowMs - bucket.atMs) / 1000) * perSecond;
		bucket.tokens = Math.min(Math.max(burst, 1), bucket.tokens + earned);
		bucket.atMs = nowMs;
		this.#buckets.delete(key);
		this.#buckets.set(key, bucket);
		if (this.#buckets.size > keysMax) {
			const [oldest] = this.#buckets.keys();
			if (oldest !== undefined) this.#buckets.delete(oldest);
		}
		if (bucket.tokens < 1) return false;
		bucket.tokens -= 1;
		return true;
	}
}
