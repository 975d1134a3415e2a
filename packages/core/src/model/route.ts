/**
 * How an announcement reached us.
 * @module
 */

/** A relay's or publisher's identity in hop lists: nonzero, below 2^62; a bigint only at and above 2^53. Ours stay below 2^53. */
export type OriginId = number | bigint;

/** The path of one announcement, and what it costs. */
export interface Route {
	/** Original publisher first, the peer that announced it to us last; at most `HOPS_MAX`. */
	readonly hops: readonly OriginId[];
	/** Accumulated link costs; compared before the number of hops. */
	readonly cost: number;
}
