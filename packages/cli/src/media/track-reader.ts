/**
 * One track of a broadcast as the frames in it, in order.
 * @module
 */
import type { Broadcast, Clock, Frame, SubscribeRequest, TrackSubscription } from "@moq-relay/core";
import { GroupOrder } from "./group-order.ts";

/** What is read, and how. */
export interface TrackReaderOptions {
	readonly broadcast: Broadcast;
	readonly track: string;
	readonly request: SubscribeRequest;
	readonly clock: Clock;
}

/** Where a frame stands. */
export interface FramePosition {
	/** It begins its group. */
	readonly first: boolean;
	/** Its time in the publisher's clock, in ms. */
	readonly sentMs: number;
}

/** Events of reading a track. */
export interface TrackReaderSink {
	onFrame(frame: Frame, position: FramePosition): void;
	/** A group was left out or cut short. */
	onSkipped(): void;
	/** The last event: the track ended well, and all there was has been given out. */
	onEnd(): void;
	/** The last event: refused or broken, with a stream code. */
	onError(code: number): void;
}

/** A running subscription. */
export class TrackReader {
	readonly #order: GroupOrder;
	#subscription: TrackSubscription | undefined;
	#timescale = 1000;
	#isOver = false;

	/** No event comes before this returns, or after `close`. */
	constructor(options: TrackReaderOptions, sink: TrackReaderSink) {
		const { broadcast, track, request, clock } = options;
		this.#order = new GroupOrder(
			{
				onFrame: (frame, first) => {
					sink.onFrame(frame, { first, sentMs: (frame.timestamp / this.#timescale) * 1000 });
				},
				onSkipped: () => sink.onSkipped(),
				onEnd: () => this.#finish(() => sink.onEnd()),
			},
			clock,
		);
		// The model may answer inside the call: then the owner would not have its reader yet.
		clock.after(0, () => {
			if (!this.#isOver) this.#subscription = broadcast.subscribe(track, request, this.#trackSink(sink));
		});
	}

	/** Leave; no event follows. */
	close(): void {
		this.#finish(() => {});
	}

	#trackSink(sink: TrackReaderSink): Parameters<Broadcast["subscribe"]>[2] {
		return {
			onInfo: ({ timescale }) => {
				this.#timescale = timescale;
			},
			onGroup: (group) => this.#order.add(group),
			// hang has no media in datagrams.
			onDatagram: () => {},
			onDropped: (start, end) => this.#order.skip(start, end),
			onEnd: () => this.#order.end(),
			onError: (code) => this.#finish(() => sink.onError(code)),
		};
	}

	#finish(tell: () => void): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#order.close();
		this.#subscription?.close();
		tell();
	}
}
