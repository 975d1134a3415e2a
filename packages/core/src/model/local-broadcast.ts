/**
 * A broadcast that this process publishes.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { LocalTrack } from "./local-track.ts";
import {
	type FetchSink,
	type Source,
	type SubscribeRequest,
	TRACK_INFO_DEFAULT,
	type TrackInfo,
	type UpstreamSink,
	type UpstreamSubscription,
} from "./source.ts";

/** What a publisher may listen to. */
export interface LocalBroadcastOptions {
	/** What a track's subscribers together want has changed; undefined: none is left. */
	readonly onDemand?: (track: LocalTrack, request: SubscribeRequest | undefined) => void;
	/** A track is wanted that does not exist; make it inside the call, or it is answered with 13 NotFound. */
	readonly onUnknown?: (track: string) => void;
}

/** Give it to `Origin.announce`. Tracks may be made at any time; each keeps its latest groups for late subscribers. */
export class LocalBroadcast implements Source {
	readonly #options: LocalBroadcastOptions;
	readonly #tracks: Map<string, LocalTrack> = new Map();

	constructor(options: LocalBroadcastOptions = {}) {
		this.#options = options;
	}

	/** Make a track. A track of that name must have ended before, or the name be new. @throws TypeError otherwise. */
	track(name: string, info: Partial<TrackInfo> = {}): LocalTrack {
		if (this.#tracks.get(name)?.isEnded === false) throw new TypeError(`track ${name} exists`);
		const track: LocalTrack = new LocalTrack(name, { ...TRACK_INFO_DEFAULT, ...info }, (request) =>
			this.#options.onDemand?.(track, request),
		);
		this.#tracks.set(name, track);
		return track;
	}

	/** End all tracks. Close the announcement too. */
	end(): void {
		for (const track of this.#tracks.values()) track.end();
	}

	/** @inheritDoc */
	subscribe(track: string, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		const found = this.#find(track);
		if (found !== undefined) return found.subscribe(request, sink);
		sink.onError(Code.NotFound);
		return { update: () => {}, close: () => {} };
	}

	/** @inheritDoc */
	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: FetchSink): () => void {
		const found = this.#find(track);
		if (found !== undefined) return found.fetch(request.group, sink);
		sink.onError(Code.NotFound);
		return () => {};
	}

	/** @inheritDoc */
	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void {
		const found = this.#find(track);
		if (found !== undefined) onInfo(found.info);
		else onError(Code.NotFound);
		return () => {};
	}

	#find(track: string): LocalTrack | undefined {
		if (!this.#tracks.has(track)) this.#options.onUnknown?.(track);
		return this.#tracks.get(track);
	}
}
