/**
 * The routing table: every broadcast that is announced, where it comes from, and who wants to know.
 * @module
 */
import { limits } from "@moq-relay/wire";
import type { Clock } from "../clock.ts";
import type { Broadcast } from "../model/broadcast.ts";
import { Cache } from "../model/cache.ts";
import { BROADCAST_LINGER_MS, BROADCASTS_MAX, CACHE_BYTES_MAX, TRACK_LINGER_MS } from "../model/limits.ts";
import type { Route } from "../model/route.ts";
import type { Settings } from "../model/settings.ts";
import type { Source } from "../model/source.ts";
import type { Announcement, AnnounceRefusal } from "./announcement.ts";
import { type Change, Listing, type Offer, type OfferEnd } from "./listing.ts";
import { PathTree } from "./path-tree.ts";
import type { Announced, Watch, WatchOptions, WatchSink } from "./watch.ts";
import { Watcher } from "./watcher.ts";

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
	/** Told what a viewer's or watcher's sink threw: a bug of ours, for the log. */
	readonly onFault?: (thrown: unknown) => void;
}

/** The one routing table of a relay or client. */
export class Origin {
	readonly id: number;
	readonly #settings: Settings;
	readonly #lingerMs: number;
	readonly #tree: PathTree<Listing, Watcher> = new PathTree();
	#broadcastCount = 0;
	/** Changes not told yet; one is told to all before the next, also when a listener makes the next one. */
	#changes: { readonly change: Change; readonly watchers: readonly Watcher[] }[] = [];
	#telling = false;

	constructor(options: OriginOptions) {
		if (!Number.isSafeInteger(options.id) || options.id < 1) throw new RangeError(`origin id ${options.id}`);
		this.id = options.id;
		this.#lingerMs = options.broadcastLingerMs ?? BROADCAST_LINGER_MS;
		this.#settings = {
			clock: options.clock,
			cache: new Cache(options.cacheBytes ?? CACHE_BYTES_MAX),
			cacheMs: options.cacheMs,
			trackLingerMs: options.trackLingerMs ?? TRACK_LINGER_MS,
			onFault: options.onFault ?? (() => {}),
		};
	}

	/** Bytes of cached groups now, overhead included. */
	get cacheByteLength(): number {
		return this.#settings.cache.byteLength;
	}

	/** Broadcasts announced now, those that linger included. */
	get broadcastCount(): number {
		return this.#broadcastCount;
	}

	/** True when nothing is announced and no one watches. */
	get isEmpty(): boolean {
		return this.#tree.isEmpty;
	}

	/** Claim `path` (canonical) for a source. `route.hops` ends with the peer it came from; [] is a local publisher. */
	announce(path: string, route: Route, source: Source): Announcement | AnnounceRefusal {
		const place = this.#place(path, route, source);
		if (typeof place === "string") return place;
		return this.#announcement(path, source, place);
	}

	/** Hear of every broadcast at or under `prefix` (canonical; "" is all), by whole segments. */
	watch(prefix: string, sink: WatchSink, options: WatchOptions = {}): Watch {
		const { excludeHop, isRelay = false } = options;
		const watcher = new Watcher(sink, { excludeHop, isRelay, onFault: this.#settings.onFault });
		this.#tree.listen(prefix, watcher);
		watcher.start(this.active(prefix, isRelay));
		return {
			close: () => {
				watcher.close();
				this.#tree.unlisten(prefix, watcher);
			},
		};
	}

	/** The broadcast announced at exactly this path. */
	broadcast(path: string): Broadcast | undefined {
		return this.#tree.get(path)?.broadcast;
	}

	/** The route in use at exactly this path; undefined also while the path waits for a source to return. */
	routeOf(path: string): Route | undefined {
		const listing = this.#tree.get(path);
		return listing?.isOffered === true ? listing.route : undefined;
	}

	/** Everything announced at or under `prefix`, as `watch` would start with; `isRelay` as there. */
	active(prefix: string, isRelay = false): Announced[] {
		const active: Announced[] = [];
		for (const { path, route, isOffered } of this.#tree.valuesUnder(prefix)) {
			if (route !== undefined && (isOffered || !isRelay)) active.push({ path, route });
		}
		return active;
	}

	/** Enter an offer into the table. */
	#place(path: string, route: Route, source: Source): Place | AnnounceRefusal {
		const refusal = this.#refuse(route);
		if (refusal !== undefined) return refusal;
		let listing = this.#tree.get(path);
		if (listing === undefined) {
			if (this.#broadcastCount >= BROADCASTS_MAX) return "full";
			listing = this.#list(path);
		} else if (listing.isFull) {
			return "full";
		}
		return { listing, offer: listing.add(route, source) };
	}

	#announcement(path: string, source: Source, first: Place): Announcement {
		/** Undefined while the announcement rests. */
		let place: Place | undefined = first;
		let isOver = false;
		const leave = (how: OfferEnd) => {
			const left = place;
			place = undefined;
			left?.listing.remove(left.offer, how);
		};
		const end = (how: OfferEnd) => {
			isOver = true;
			leave(how);
		};
		return {
			update: (route) => {
				if (isOver) return undefined;
				const refusal = this.#refuse(route);
				if (refusal !== undefined) {
					leave("resting");
					return refusal;
				}
				if (place !== undefined) {
					place.listing.update(place.offer, route);
					return undefined;
				}
				const again = this.#place(path, route, source);
				if (typeof again === "string") return again;
				place = again;
				return undefined;
			},
			close: () => end("closed"),
			lost: () => end("lost"),
		};
	}

	#refuse(route: Route): AnnounceRefusal | undefined {
		if (route.hops.length > limits.HOPS_MAX) return "hops";
		return route.hops.includes(this.id) ? "loop" : undefined;
	}

	#list(path: string): Listing {
		const listing = new Listing({
			path,
			settings: this.#settings,
			lingerMs: this.#lingerMs,
			onChange: (change) => this.#tell(change),
			onEmpty: () => {
				this.#tree.delete(path);
				this.#broadcastCount -= 1;
			},
		});
		this.#tree.set(path, listing);
		this.#broadcastCount += 1;
		return listing;
	}

	#tell(change: Change): void {
		this.#changes.push({ change, watchers: this.#tree.listenersOf(change.path) });
		if (this.#telling) return;
		this.#telling = true;
		for (let next = this.#changes.shift(); next !== undefined; next = this.#changes.shift()) {
			for (const watcher of next.watchers) watcher.tell(next.change);
		}
		this.#telling = false;
	}
}

/** Where an offer stands. */
interface Place {
	readonly listing: Listing;
	readonly offer: Offer;
}
