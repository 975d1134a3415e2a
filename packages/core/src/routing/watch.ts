/**
 * Listening to the routing table.
 * @module
 */
import type { OriginId, Route } from "../model/route.ts";

/** One announced broadcast. */
export interface Announced {
	/** Canonical full path. */
	readonly path: string;
	readonly route: Route;
}

/** Events of a watch. A sink that throws loses that event only. Paths are full and canonical. */
export interface WatchSink {
	/** Once, inside the call to `watch` and before any other event: everything active now (possibly nothing). */
	onStart(active: readonly Announced[]): void;
	onActive(path: string, route: Route): void;
	/** Another publisher took the path over: its groups are not those of the one before. */
	onRestart(path: string, route: Route): void;
	/** The same publisher is reached another way. Relays must be told (loops are found by hops); viewers need not. */
	onUpdate(path: string, route: Route): void;
	onEnded(path: string): void;
}

/** Narrows a watch. */
export interface WatchOptions {
	/** Broadcasts whose best route passes through this id are not shown: they came from there. */
	readonly excludeHop?: OriginId;
	/** True for another relay: it is not shown what only waits for another way, since it may know one; default false. */
	readonly isRelay?: boolean;
}

/** A running watch. */
export interface Watch {
	/** No event follows. */
	close(): void;
}
