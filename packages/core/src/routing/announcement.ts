/**
 * One source's claim to a path.
 * @module
 */
import type { Route } from "../model/route.ts";

/** Why an announcement was not taken: it passed through us, is too far away, or the table or the path is full. */
export type AnnounceRefusal = "loop" | "hops" | "full";

/** A running announcement; its owner ends it with exactly one of `close` and `lost`. */
export interface Announcement {
	/**
	 * The route changed. When the new one is refused the announcement rests (its source is not used) until a later
	 * update is taken; it must still be ended.
	 */
	update(route: Route): AnnounceRefusal | undefined;
	/** Unannounced: the source goes at once. */
	close(): void;
	/**
	 * The session died: the broadcast stays announced for the linger, in case its publisher returns. Relays are told the
	 * end at once, since they may know another way.
	 */
	lost(): void;
}
