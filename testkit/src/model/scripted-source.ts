/**
 * An upstream that does what a test says, and remembers what was asked of it.
 * @module
 */
import {
	type FetchSink,
	type GroupWriter,
	type Source,
	type SubscribeRequest,
	TRACK_INFO_DEFAULT,
	type TrackInfo,
	type UpstreamSink,
	type UpstreamSubscription,
} from "@moq-relay/core";

/** One subscription that the model made. */
export interface ScriptedSubscription {
	readonly track: string;
	/** As subscribed, then as updated. */
	readonly requests: SubscribeRequest[];
	readonly sink: UpstreamSink;
	isOpen: boolean;
}

/** One fetch that the model made. */
export interface ScriptedFetch {
	readonly track: string;
	readonly group: number;
	readonly sink: FetchSink;
	isCancelled: boolean;
}

/** One info that the model asked for. */
export interface ScriptedInfo {
	readonly track: string;
	readonly answer: (info: TrackInfo) => void;
	readonly refuse: (code: number) => void;
	isCancelled: boolean;
}

/** Nothing is answered by itself, except that each subscription gets `info` at once, if there is one. */
export class ScriptedSource implements Source {
	readonly subscriptions: ScriptedSubscription[] = [];
	readonly fetches: ScriptedFetch[] = [];
	readonly infos: ScriptedInfo[] = [];
	readonly #info: TrackInfo | undefined;

	constructor(info: TrackInfo | "none" = TRACK_INFO_DEFAULT) {
		this.#info = info === "none" ? undefined : info;
	}

	/** Open subscriptions of a track. */
	open(track: string): ScriptedSubscription[] {
		return this.subscriptions.filter((subscription) => subscription.isOpen && subscription.track === track);
	}

	/** The one open subscription of a track. @throws Error when there is none, or more than one. */
	only(track: string): ScriptedSubscription {
		const [first, ...others] = this.open(track);
		if (first === undefined || others.length > 0)
			throw new Error(`${others.length + (first ? 1 : 0)} subscriptions of ${track}`);
		return first;
	}

	/** Begin a group of encoding "lite-05" on the one subscription of a track. */
	group(track: string, sequence: number): GroupWriter | undefined {
		return this.only(track).sink.onGroup(sequence, "lite-05");
	}

	/** A whole group of one chunk. False when it was refused. */
	whole(track: string, sequence: number, body: Uint8Array): boolean {
		const writer = this.group(track, sequence);
		writer?.write(body);
		writer?.finish();
		return writer !== undefined;
	}

	subscribe(track: string, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		const subscription: ScriptedSubscription = { track, requests: [request], sink, isOpen: true };
		this.subscriptions.push(subscription);
		if (this.#info !== undefined) sink.onInfo(this.#info);
		return {
			update: (changed) => subscription.requests.push(changed),
			close: () => {
				subscription.isOpen = false;
			},
		};
	}

	/** End a subscription as the peer would. */
	end(track: string, finalGroup?: number): void {
		const subscription = this.only(track);
		subscription.isOpen = false;
		subscription.sink.onEnd(finalGroup);
	}

	/** Refuse or break a subscription as the peer would. */
	fail(track: string, code: number): void {
		const subscription = this.only(track);
		subscription.isOpen = false;
		subscription.sink.onError(code);
	}

	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: FetchSink): () => void {
		const fetch: ScriptedFetch = { track, group: request.group, sink, isCancelled: false };
		this.fetches.push(fetch);
		return () => {
			fetch.isCancelled = true;
		};
	}

	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void {
		const info: ScriptedInfo = { track, answer: onInfo, refuse: onError, isCancelled: false };
		this.infos.push(info);
		return () => {
			info.isCancelled = true;
		};
	}
}
