/**
 * The routing table: every broadcast that is announced, where it comes from, and who wants to know.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Broadcast } from "../model/broadcast.ts";
import type { Route } from "../model/route.ts";
import type { Source } from "../model/source.ts";
import type { Announcement, AnnounceRefusal } from "./announcement.ts";
import type { Watch, WatchOptions, WatchSink } from "./watch.ts";

/** What a routing table needs. */
export interface OriginOptions {
	readonly clock: Clock;
	/** Our hop id: nonzero, below 2^53. */
	readonly id: number;
	/** Bytes of cached groups, all broadcasts together; default `CACHE_BYTES_MAX`. */
	readonly cacheBytes?: number;
	/** How long groups beyond the newest are kept, in ms; default: what each track's publisher says. */
	readonly cacheMs?: number;
	/** How long an upstream subscription outlives its last viewer, in ms; default `TRACK_LINGER_MS`. */
	readonly trackLingerMs?: number;
	/** How long a broadcast stays announced after its session was lost, in ms; default `BROADCAST_LINGER_MS`. */
	readonly broadcastLingerMs?: number;
}

/** The one routing table of a relay or client. */
export class Origin {
	readonly id: number;

	constructor(options: OriginOptions) {
		this.id = options.id;
	}

	/** Claim `path` (canonical) for a source. `route.hops` ends with the peer it came from; [] is a local publisher. */
	announce(path: string, route: Route, source: Source): Announcement | AnnounceRefusal {
		void path;
		void route;
		void source;
		throw new TypeError("not built yet");
	}

	/** Hear of every broadcast at or under `prefix` (canonical; "" is all), by whole segments. */
	watch(prefix: string, sink: WatchSink, options?: WatchOptions): Watch {
		void prefix;
		void sink;
		void options;
		throw new TypeError("not built yet");
	}

	/** The broadcast announced at exactly this path. */
	broadcast(path: string): Broadcast | undefined {
		void path;
		return undefined;
	}

	/** Everything announced at or under `prefix`, as `watch` would start with. */
	active(prefix: string): readonly { readonly path: string; readonly route: Route }[] {
		void prefix;
		return [];
	}
}
