/**
 * One broadcast: what one publisher offers under one path, by whatever route it reaches us at the moment.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { FetchTable } from "./fetch.ts";
import { TRACKS_MAX } from "./limits.ts";
import { LookupTable } from "./lookup.ts";
import type { Settings } from "./settings.ts";
import type { Source, SubscribeRequest, TrackInfo } from "./source.ts";
import type { GroupSink, TrackSink, TrackSubscription } from "./subscription.ts";
import { Track } from "./track.ts";

/** What a broadcast is made for. */
export interface BroadcastOptions {
	readonly path: string;
	readonly settings: Settings;
	readonly source: Source;
}

/**
 * Get it from `Origin.broadcast`, for each request anew: a publisher that replaces another one under the same path is
 * another broadcast. What is subscribed keeps its broadcast until it ends.
 */
export class Broadcast {
	readonly path: string;
	readonly #settings: Settings;
	readonly #tracks: Map<string, Track> = new Map();
	readonly #lookups: LookupTable;
	readonly #fetches: FetchTable;
	#source: Source | undefined;
	#over = false;
	#cancelFinish: (() => void) | undefined;

	constructor(options: BroadcastOptions) {
		this.path = options.path;
		this.#settings = options.settings;
		this.#source = options.source;
		this.#lookups = new LookupTable(options.settings, options.source);
		this.#fetches = new FetchTable(options.settings);
	}

	/** Tracks, lookups and fetches that are in use or kept. */
	get heldCount(): number {
		return this.#tracks.size + this.#lookups.size + this.#fetches.size;
	}

	/** Whether some track is being received for a viewer, or may be again: neither ended nor broken. */
	get isRunning(): boolean {
		for (const track of this.#tracks.values()) if (track.isRunning) return true;
		return false;
	}

	/** Subscribe to a track. One upstream subscription serves all subscribers of it. */
	subscribe(track: string, request: SubscribeRequest, sink: TrackSink): TrackSubscription {
		const held = this.#tracks.get(track);
		if (held !== undefined) return held.subscribe(request, sink);
		if (this.#over || this.#tracks.size >= TRACKS_MAX) {
			sink.onError(this.#over ? Code.NotFound : Code.BoundsExceeded);
			return { update: () => {}, close: () => {} };
		}
		const onGone = (gone: Track) => {
			if (this.#tracks.get(track) === gone) this.#tracks.delete(track);
		};
		const known = this.#lookups.known(track);
		const made = new Track({ name: track, settings: this.#settings, source: this.#source, known, onGone });
		this.#tracks.set(track, made);
		return made.subscribe(request, sink);
	}

	/** One whole group: from the cache, or from upstream once for all who ask. Returns the cancellation. */
	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: GroupSink): () => void {
		const held = this.#tracks.get(track);
		const cached = held?.group(request.group);
		if (cached !== undefined) {
			sink.onGroup(cached);
			return () => {};
		}
		const source = this.#over ? undefined : this.#source;
		return this.#fetches.fetch({ track, ...request, info: held?.info }, source, sink);
	}

	/** The track's info without subscribing; exactly one of the two is called, perhaps at once. Returns the cancellation. */
	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void {
		const known = this.#tracks.get(track)?.info;
		if (known !== undefined) {
			onInfo(known);
			return () => {};
		}
		if (this.#over) {
			onError(Code.NotFound);
			return () => {};
		}
		return this.#lookups.ask(track, { onInfo, onError });
	}

	/** For the routing table: go on with another source of the same publisher; undefined waits for one. */
	switchTo(source: Source | undefined): void {
		if (this.#over || source === this.#source) return;
		this.#source = source;
		this.#lookups.switchTo(source);
		for (const track of this.#tracks.values()) track.switchTo(source);
	}

	/** For the routing table: a source is no more; what it had in progress is lost. */
	withdraw(source: Source): void {
		if (this.#source === source) this.#source = undefined;
		for (const track of this.#tracks.values()) track.withdraw(source);
		this.#lookups.withdraw(source);
		this.#fetches.withdraw(source);
	}

	/**
	 * For the routing table: unannounced. Nothing new begins; what is under way may end by itself, for as long as
	 * `drainMs`. `code`: what breaks meanwhile is told as this, as `Track.finish` has it.
	 */
	finish(drainMs: number, code?: number): void {
		if (this.#over) return;
		this.#over = true;
		this.#lookups.fail(Code.NotFound);
		for (const track of this.#tracks.values()) track.finish(code);
		if (this.heldCount === 0) return;
		this.#cancelFinish = this.#settings.clock.after(drainMs, () => {
			for (const track of this.#tracks.values()) track.finishNow();
			this.#fetches.fail(Code.Dropped);
		});
	}

	/** For the routing table: over, with a stream code for whoever still watches. */
	fail(code: number): void {
		this.#over = true;
		this.#cancelFinish?.();
		this.#lookups.fail(code);
		this.#fetches.fail(code);
		for (const track of this.#tracks.values()) track.fail(code);
	}
}
