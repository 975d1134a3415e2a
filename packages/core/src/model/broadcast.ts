/**
 * One broadcast: everything that is published under one path, whoever it comes from at the moment.
 * @module
 */
import type { Route } from "./route.ts";
import type { SubscribeRequest, TrackInfo } from "./source.ts";
import type { GroupSink, TrackSink, TrackSubscription } from "./subscription.ts";

/** One path that is announced, or was a moment ago. Get it from `Origin.broadcast`. */
export class Broadcast {
	readonly path: string;

	constructor(path: string) {
		this.path = path;
	}

	/** The best route; undefined once the broadcast has ended, and while it lingers after an abrupt loss. */
	get route(): Route | undefined {
		return undefined;
	}

	/** Subscribe to a track. One upstream subscription serves all subscribers of it. */
	subscribe(track: string, request: SubscribeRequest, sink: TrackSink): TrackSubscription {
		void track;
		void request;
		void sink;
		throw new TypeError("not built yet");
	}

	/** One whole group: from the cache, or from upstream once for all who ask. Returns the cancellation. */
	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: GroupSink): () => void {
		void track;
		void request;
		void sink;
		throw new TypeError("not built yet");
	}

	/** The track's info without subscribing; exactly one of the two is called, perhaps at once. Returns the cancellation. */
	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void {
		void track;
		void onInfo;
		void onError;
		throw new TypeError("not built yet");
	}
}
