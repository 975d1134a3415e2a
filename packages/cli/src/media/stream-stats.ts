/**
 * What a viewer wants to know about a running stream.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import type { MediaKind } from "./broadcast-viewer.ts";
import { MEDIA_EPOCH_MS } from "./media-clock.ts";
import type { FramePosition } from "./track-reader.ts";

/** One kind of media over the time since the last report. */
export interface KindReport {
	readonly kind: MediaKind;
	readonly bitsPerSecond: number;
	readonly framesPerSecond: number;
}

/** What was seen since the last report, and in all. */
export interface StreamReport {
	readonly kinds: readonly KindReport[];
	/**
	 * How far the newest frame was behind its publisher when it came, in ms: by the clock where the publisher's timestamps
	 * tell the time ("clock"), else behind the fastest frame so far ("spread"). Undefined before the first frame.
	 */
	readonly latency: { readonly ms: number; readonly by: "clock" | "spread" } | undefined;
	/** Groups begun, and left out or cut short, since the beginning. */
	readonly groups: number;
	readonly dropped: number;
}

interface Tally {
	bytes: number;
	frames: number;
}

/** Counts what comes in. */
export class StreamStats {
	readonly #clock: Clock;
	readonly #tallies = new Map<MediaKind, Tally>();
	#sinceMs: number;
	#groups = 0;
	#dropped = 0;
	#latencyMs: number | undefined;
	/** Least distance between a frame's own time and its arrival. */
	#leastMs = Number.POSITIVE_INFINITY;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#sinceMs = clock.nowMs();
	}

	/** A frame of so many bytes came. */
	frame(kind: MediaKind, bytes: number, position: FramePosition): void {
		const tally = this.#tallies.get(kind) ?? { bytes: 0, frames: 0 };
		this.#tallies.set(kind, tally);
		tally.bytes += bytes;
		tally.frames += 1;
		if (position.first) this.#groups += 1;
		this.#latencyMs = this.#clock.wallMs() - MEDIA_EPOCH_MS - position.sentMs;
		this.#leastMs = Math.min(this.#leastMs, this.#latencyMs);
	}

	/** A group was left out or cut short. */
	dropped(): void {
		this.#dropped += 1;
	}

	/** Another publisher has another clock. */
	restart(): void {
		this.#latencyMs = undefined;
		this.#leastMs = Number.POSITIVE_INFINITY;
	}

	/** The numbers since the last report; the next one begins here. */
	report(): StreamReport {
		const nowMs = this.#clock.nowMs();
		const seconds = Math.max(1, nowMs - this.#sinceMs) / 1000;
		this.#sinceMs = nowMs;
		const kinds: KindReport[] = [];
		for (const [kind, tally] of this.#tallies) {
			kinds.push({ kind, bitsPerSecond: (tally.bytes * 8) / seconds, framesPerSecond: tally.frames / seconds });
			tally.bytes = 0;
			tally.frames = 0;
		}
		return { kinds, latency: this.#latency(), groups: this.#groups, dropped: this.#dropped };
	}

	#latency(): StreamReport["latency"] {
		const ms = this.#latencyMs;
		if (ms === undefined) return undefined;
		if (ms > -SKEW_MS_MAX && ms < LATENCY_MS_MAX) return { ms: Math.max(0, ms), by: "clock" };
		return { ms: ms - this.#leastMs, by: "spread" };
	}
}

/** A publisher's clock may be ahead of ours by so much and still count as telling the time. */
const SKEW_MS_MAX = 10_000;

/** What is later than this counts not time but something else. */
const LATENCY_MS_MAX = 600_000;
