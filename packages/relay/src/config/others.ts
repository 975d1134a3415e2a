/**
 * `[stats]`, `[cache]` and `[iroh]`.
 * @module
 */

/** `[stats]`: the statistics broadcast. */
export interface StatsConfig {
	readonly enabled: boolean;
	readonly prefix: string;
	readonly intervalMs: number;
	readonly node: string | undefined;
	/** Path segments that statistics are split by. */
	readonly depth: number;
}

/** A size in bytes, or a share of the memory this process may use. */
export type CacheSize = { readonly bytes: number } | { readonly percent: number };

/** `[cache]`: how much of the recent past is kept. */
export interface CacheConfig {
	readonly capacity: CacheSize | undefined;
	/** Memory to leave free. */
	readonly headroom: CacheSize | undefined;
	readonly durationMs: number | undefined;
}

/** `[iroh]`: accepted so that files of the reference load; never served. */
export interface IrohConfig {
	readonly enabled: boolean;
	readonly secret: string | undefined;
	readonly bindV4: string | undefined;
	readonly bindV6: string | undefined;
	readonly disableRelay: boolean;
}
