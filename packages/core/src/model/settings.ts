/**
 * What every part of the model is given.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Cache } from "./cache.ts";
import { CACHE_MS_MAX } from "./limits.ts";

/** Time, memory and the knobs of one routing table; shared by all its broadcasts. */
export interface Settings {
	readonly clock: Clock;
	readonly cache: Cache;
	/** How long groups beyond the newest are kept, in ms; undefined: as each track's publisher says. */
	readonly cacheMs: number | undefined;
	/** How long an upstream subscription outlives its last viewer, in ms. */
	readonly trackLingerMs: number;
	/** Told what a viewer's sink threw; the other viewers never notice. */
	readonly onFault: (thrown: unknown) => void;
}

/** How long a track keeps groups beyond its newest, in ms. */
export function keepMsOf(settings: Settings, latencyMaxMs: number): number {
	return Math.min(settings.cacheMs ?? latencyMaxMs, CACHE_MS_MAX);
}
