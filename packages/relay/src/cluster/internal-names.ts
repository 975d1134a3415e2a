/**
 * The names by which relays of a cluster know of each other. Viewers never see them.
 * @module
 */
import { type Announcement, LocalBroadcast, type Origin } from "@moq-relay/core";
import type { Path } from "@moq-relay/wire";

/** Where relays of today announce themselves, by URL. */
export const MESH_PREFIX: string = ".internal/origins";

/** Under which names relays say where they stand. */
export const TREE_PREFIX: string = ".internal/tree";

/** Under which name a root says how many children it feeds. */
export const FANOUT_PREFIX: string = ".internal/fanout";

/** Announce a broadcast of which only the name matters; undefined when the table is full. */
export function announceName(origin: Origin, path: Path): Announcement | undefined {
	const announcement = origin.announce(path, { hops: [], cost: 0 }, new LocalBroadcast());
	return typeof announcement === "string" ? undefined : announcement;
}

/** Whether a path is a name that only relays see. */
export function isInternal(path: string): boolean {
	return /^\.?internal\//.test(path);
}
