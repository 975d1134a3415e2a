/**
 * What a viewer of a track sees.
 * @module
 */
import type { Datagram } from "./datagram.ts";
import type { Group } from "./group.ts";
import type { SubscribeRequest, TrackInfo } from "./source.ts";

/**
 * Events of one subscription. They may arrive inside the call to `subscribe`, before it returns. A sink that throws
 * loses that event only. After `onEnd` or `onError` nothing follows, and `close` need not be called (it may be).
 */
export interface TrackSink {
	/** Once, before anything else but an error. */
	onInfo(info: TrackInfo): void;
	/** A group to play, each sequence at most once. It may be open, and may later abort or be evicted: its tapes say so. */
	onGroup(group: Group): void;
	/** A group that came as a datagram; a viewer that takes none ignores it. */
	onDatagram(datagram: Datagram): void;
	/** Groups `start` to `end` inclusive will not come. */
	onDropped(start: number, end: number, code: number): void;
	/** The track ended well; `finalGroup` is one past its last group where that is known. */
	onEnd(finalGroup: number | undefined): void;
	/** Refused or broken, with a stream code. */
	onError(code: number): void;
}

/** A running subscription of one viewer. Both calls are ignored once it is over. */
export interface TrackSubscription {
	/** SUBSCRIBE_UPDATE. A smaller start brings nothing back; a larger end resumes a paused delivery. */
	update(request: SubscribeRequest): void;
	/** Leave; no event follows. */
	close(): void;
}

/** Events of one fetch; exactly one of the two, perhaps inside the call. */
export interface GroupSink {
	/** The group, complete or still coming; play its tape. */
	onGroup(group: Group): void;
	/** Stream code; 13 NotFound where no one has the group. */
	onError(code: number): void;
}
