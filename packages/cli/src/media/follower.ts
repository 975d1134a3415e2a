/**
 * One name, followed through waiting, restarts and losses until its broadcast ends well.
 * @module
 */
import type { Clock, Origin, OriginId, Route, SubscribeRequest, Watch } from "@moq-relay/core";
import { AFTERLIFE_MS, RETRY_MS } from "../limits.ts";
import { BroadcastViewer, type MediaKind } from "./broadcast-viewer.ts";
import type { MediaSample } from "./container.ts";
import type { MediaError } from "./media-error.ts";
import type { Choice, Wish } from "./rendition-choice.ts";
import type { FramePosition } from "./track-reader.ts";

/** What to follow. */
export interface FollowerOptions {
	readonly origin: Origin;
	readonly name: string;
	readonly wish: Wish;
	readonly request: Omit<SubscribeRequest, "priority">;
	readonly clock: Clock;
}

/** Events of following a name. */
export interface FollowerSink {
	/** The broadcast is live and its renditions are chosen; again for each publisher, `isAnother` unless it is the same one. */
	onLive(choice: Choice, isAnother: boolean): void;
	onSample(kind: MediaKind, sample: MediaSample, position: FramePosition): void;
	onSkipped(kind: MediaKind): void;
	/** It is gone or broken, with a stream code; following goes on. */
	onLost(code: number): void;
	/** The last event: undefined when the broadcast ended well. */
	onEnd(error: MediaError | undefined): void;
}

/** Follows one name. */
export class Follower {
	readonly #options: FollowerOptions;
	readonly #sink: FollowerSink;
	readonly #watch: Watch;
	#viewer: BroadcastViewer | undefined;
	/** Ids of the publisher that is announced now, and of the one that was viewed last. */
	#publisher: OriginId | undefined;
	#lastPublisher: OriginId | undefined;
	#isLive = false;
	/** All tracks of the announced broadcast have ended well. */
	#hasEnded = false;
	#isOver = false;
	#cancelWait: (() => void) | undefined;

	/** Events may come before this returns only if the name is announced already. */
	constructor(options: FollowerOptions, sink: FollowerSink) {
		this.#options = options;
		this.#sink = sink;
		this.#watch = options.origin.watch(options.name, {
			onStart: (active) => {
				for (const { path, route } of active) this.#onActive(path, route);
			},
			onActive: (path, route) => this.#onActive(path, route),
			onRestart: (path, route) => this.#onActive(path, route),
			// The same broadcast by another way: what is subscribed goes on by itself.
			onUpdate: () => {},
			onEnded: (path) => this.#onEnded(path),
		});
	}

	/** Whether the name is announced now. */
	get isLive(): boolean {
		return this.#isLive;
	}

	/** Leave; no event follows. */
	close(): void {
		this.#finish(() => {});
	}

	#onActive(path: string, route: Route): void {
		// The watch also tells of broadcasts below the name.
		if (path !== this.#options.name || this.#isOver) return;
		this.#isLive = true;
		[this.#publisher] = route.hops;
		this.#hasEnded = false;
		this.#view();
	}

	#onEnded(path: string): void {
		if (path !== this.#options.name || this.#isOver) return;
		this.#isLive = false;
		if (this.#hasEnded) this.#end();
		// Otherwise its tracks may still end well; the model gives them some seconds.
		else if (this.#viewer === undefined) this.#cancelWait?.();
	}

	/** View what is announced now, from the start. */
	#view(): void {
		const { origin, name, wish, request, clock } = this.#options;
		this.#cancelWait?.();
		this.#viewer?.close();
		this.#viewer = undefined;
		const broadcast = origin.broadcast(name);
		if (broadcast === undefined) return;
		const publisher = this.#publisher;
		this.#viewer = new BroadcastViewer(
			{ broadcast, wish, request, clock },
			{
				onChoice: (choice) => {
					const isAnother = this.#lastPublisher !== undefined && this.#lastPublisher !== publisher;
					this.#lastPublisher = publisher;
					this.#sink.onLive(choice, isAnother);
				},
				onSample: (kind, sample, position) => this.#sink.onSample(kind, sample, position),
				onSkipped: (kind) => this.#sink.onSkipped(kind),
				onEnd: (reason) => this.#onViewerEnd(reason),
			},
		);
	}

	#onViewerEnd(reason: undefined | number | MediaError): void {
		this.#viewer = undefined;
		if (typeof reason === "object") {
			this.#finish(() => this.#sink.onEnd(reason));
		} else if (reason !== undefined) {
			this.#sink.onLost(reason);
			if (this.isLive) this.#wait(RETRY_MS, () => this.#view());
		} else if (this.isLive) {
			// Publishers end their tracks first and the broadcast a moment later, or begin again.
			this.#hasEnded = true;
			this.#wait(AFTERLIFE_MS, () => this.#end());
		} else {
			this.#end();
		}
	}

	#wait(delayMs: number, run: () => void): void {
		this.#cancelWait?.();
		this.#cancelWait = this.#options.clock.after(delayMs, run);
	}

	#end(): void {
		this.#finish(() => this.#sink.onEnd(undefined));
	}

	#finish(tell: () => void): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#cancelWait?.();
		this.#watch.close();
		this.#viewer?.close();
		tell();
	}
}
