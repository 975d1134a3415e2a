/**
 * What stands upstream of the model: a session whose peer announced a broadcast, or a local publisher.
 * @module
 */
import type { Encoding } from "../tape.ts";

/** Properties of a track that its publisher sets; moq-lite-05 carries them in TRACK_INFO. */
export interface TrackInfo {
	/** 0–255, higher first. */
	readonly priority: number;
	readonly ordered: boolean;
	/** How long the publisher keeps groups beyond the newest, in ms. */
	readonly latencyMaxMs: number;
	/** Timestamp units per second, at least 1. */
	readonly timescale: number;
}

/** What a TRACK_INFO is taken to be where the version has none. */
export const TRACK_INFO_DEFAULT: TrackInfo = { priority: 0, ordered: false, latencyMaxMs: 5000, timescale: 1000 };

/** What one subscriber, or all of them merged, want of a track. */
export interface SubscribeRequest {
	/** 0–255, higher first. */
	readonly priority: number;
	/** True: oldest group first; false: newest group first. */
	readonly ordered: boolean;
	/** How late a group may be before it is skipped, in ms. */
	readonly latencyMs: number;
	/** First group wanted; undefined is the latest one there is. */
	readonly startGroup: number | undefined;
	/** Last group wanted, inclusive; undefined is no end. */
	readonly endGroup: number | undefined;
}

/** Takes the body of one group as it arrives. */
export interface GroupWriter {
	/**
	 * The next bytes of the group's body (after the GROUP message), cut anywhere; ownership passes.
	 * @throws Malformed when they are no frames of the encoding; RequestError(BoundsExceeded or FrameTooLarge) over a limit.
	 */
	write(chunk: Uint8Array): void;
	/** The body is complete. @throws Malformed in the middle of a frame. */
	finish(): void;
	/** The publisher gave up, with a stream code. */
	abort(code: number): void;
}

/** Events of an upstream subscription; the model implements it. After `onEnd` or `onError` nothing follows. */
export interface UpstreamSink {
	/** What this source said of the track a moment ago, so that it need not be asked again. */
	readonly known?: TrackInfo | undefined;
	/** Before the first group; again only if the source was replaced. */
	onInfo(info: TrackInfo): void;
	/** A group begins. Undefined: not wanted (a duplicate, or too old), so the source stops it. */
	onGroup(sequence: number, encoding: Encoding): GroupWriter | undefined;
	/** A group of one frame that came as a datagram; `timestamp` in the track's timescale. */
	onDatagram(sequence: number, timestamp: number, payload: Uint8Array): void;
	/** Groups `start` to `end` inclusive will not come. */
	onDropped(start: number, end: number, code: number): void;
	/** The track ended well; `finalGroup` is one past its last group where that is known. */
	onEnd(finalGroup: number | undefined): void;
	/** The subscription was refused or broke, with a stream code. */
	onError(code: number): void;
}

/** A running upstream subscription. */
export interface UpstreamSubscription {
	update(request: SubscribeRequest): void;
	/** Unsubscribe; no event follows. */
	close(): void;
}

/** Events of an upstream fetch; after `onError` or the writer's end nothing follows. */
export interface FetchSink {
	/** The first bytes are coming. */
	onGroup(encoding: Encoding): GroupWriter;
	onError(code: number): void;
}

/** One broadcast as one upstream offers it. Calls never throw: what fails arrives as an event. */
export interface Source {
	subscribe(track: string, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription;
	/** One whole group from the source's cache. Returns the cancellation. */
	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: FetchSink): () => void;
	/** The track's info without subscribing; exactly one of the two is called. Returns the cancellation. */
	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void;
}
