/**
 * Watching one name: follow it, record it, count it.
 * @module
 */
import type { Origin } from "@moq-relay/core";
import type { CommandContext } from "../command-context.ts";
import { CommandError } from "../command-error.ts";
import { STATUS_MS } from "../limits.ts";
import { type Output, OutputClosed } from "../output.ts";
import { every } from "../pause.ts";
import { formatRate, formatTime } from "../quantity.ts";
import type { MediaKind } from "./broadcast-viewer.ts";
import type { MediaSample } from "./container.ts";
import { Follower } from "./follower.ts";
import { MediaError } from "./media-error.ts";
import { MediaRecorder } from "./media-recorder.ts";
import type { Choice, Chosen, Wish } from "./rendition-choice.ts";
import { type StreamReport, StreamStats } from "./stream-stats.ts";
import type { FramePosition } from "./track-reader.ts";

/** What to watch, and what to do with it. */
export interface ViewingOptions {
	readonly origin: Origin;
	readonly name: string;
	readonly wish: Wish;
	/** Where the recording goes; undefined records nothing. */
	readonly output: Output | undefined;
	/** Show rates and latency, not only how long it has been recording. */
	readonly showsStats: boolean;
	/** Time from the first frame to the end, in ms. */
	readonly durationMs: number | undefined;
	readonly context: CommandContext;
}

/** Watches until the broadcast ends well or `close`. */
export class Viewing {
	readonly #options: ViewingOptions;
	readonly #follower: Follower;
	readonly #stats: StreamStats;
	readonly #done: PromiseWithResolvers<void> = Promise.withResolvers();
	readonly #cancelStatus: () => void;
	#choice: Choice | undefined;
	#recorder: MediaRecorder | undefined;
	#beganMs: number | undefined;
	#cancelDuration: (() => void) | undefined;

	constructor(options: ViewingOptions) {
		this.#options = options;
		const { origin, name, wish, output, context } = options;
		this.#stats = new StreamStats(context.clock);
		// A recording wants all there is, in order; numbers are about what a viewer of the live edge sees.
		const request =
			output === undefined
				? { ordered: false, latencyMs: LIVE_LATENCY_MS, startGroup: undefined, endGroup: undefined }
				: { ordered: true, latencyMs: RECORD_LATENCY_MS, startGroup: 0, endGroup: undefined };
		this.#follower = new Follower(
			{ origin, name, wish, request, clock: context.clock },
			{
				onLive: (choice, isAnother) => this.#onLive(choice, isAnother),
				onSample: (kind, sample, position) => this.#onSample(kind, sample, position),
				onSkipped: (kind) => {
					this.#stats.dropped();
					context.terminal.debug(`a group of ${kind} was left out or cut short`);
				},
				onLost: (code) => context.terminal.note(`${name} broke off (code ${code}); waiting for it to come back`),
				onEnd: (error) => this.#settle(error),
			},
		);
		this.#cancelStatus = every(context.clock, STATUS_MS, () => this.#showStatus());
		this.#done.promise.catch(() => undefined); // `close` may come first
	}

	/** Resolves when there is nothing more to watch. @throws MediaError, CommandError */
	get done(): Promise<void> {
		return this.#done.promise;
	}

	/** Whether the name is announced now. */
	get isLive(): boolean {
		return this.#follower.isLive;
	}

	/** Stop watching and finish the recording. @throws CommandError, MediaError when it could not be written. */
	async close(): Promise<void> {
		this.#follower.close();
		this.#cancelDuration?.();
		this.#cancelStatus();
		const { output, context, name } = this.#options;
		if (output === undefined) return;
		try {
			const packets = (await this.#recorder?.finish()) ?? 0;
			await output.close();
			if (packets > 0) context.terminal.note(`recorded ${packets} frames of ${name}`);
		} catch (error) {
			if (!(error instanceof OutputClosed)) throw explained(error);
		}
	}

	#onLive(choice: Choice, isAnother: boolean): void {
		const { output, context, name } = this.#options;
		context.terminal.note(`${name} is live: ${describeChoice(choice)}`);
		if (isAnother) this.#stats.restart();
		try {
			if (output === undefined) return;
			if (this.#recorder === undefined) {
				this.#recorder = new MediaRecorder(choice, (bytes) => this.#write(output, bytes));
			} else {
				if (!isSameFormat(this.#choice, choice)) {
					throw new CommandError(`${name} came back in another format; the recording ends before it`);
				}
				if (isAnother) this.#recorder.restart();
			}
		} catch (error) {
			this.#settle(error);
		} finally {
			this.#choice = choice;
		}
	}

	/** What can't be written ends the watching at once. */
	async #write(output: Output, bytes: Uint8Array): Promise<void> {
		try {
			await output.write(bytes);
		} catch (error) {
			this.#settle(error);
			throw error;
		}
	}

	#onSample(kind: MediaKind, sample: MediaSample, position: FramePosition): void {
		const { clock } = this.#options.context;
		this.#stats.frame(kind, sample.data.byteLength, position);
		this.#beganMs ??= clock.nowMs();
		const { durationMs } = this.#options;
		if (durationMs !== undefined) this.#cancelDuration ??= clock.after(durationMs, () => this.#settle(undefined));
		this.#recorder?.add(kind, sample);
		const failure = this.#recorder?.failure;
		if (failure !== undefined) this.#settle(failure);
	}

	#settle(error: unknown): void {
		this.#follower.close();
		if (error === undefined || error instanceof OutputClosed) this.#done.resolve();
		else this.#done.reject(explained(error));
	}

	#showStatus(): void {
		if (this.#beganMs === undefined) return;
		const { showsStats, context } = this.#options;
		const parts = [formatTime(context.clock.nowMs() - this.#beganMs)];
		const report = this.#stats.report();
		if (showsStats) parts.push(...describeReport(report));
		else parts.push(formatRate(report.kinds.reduce((sum, kind) => sum + kind.bitsPerSecond, 0)));
		context.terminal.status(parts.join(" · "));
	}
}

/** "video0 avc1.64001f 640x360, audio0 opus". */
function describeChoice({ video, audio }: Choice): string {
	const parts: string[] = [];
	if (video !== undefined) {
		const { codedWidth, codedHeight } = video.rendition;
		const size = codedWidth === undefined || codedHeight === undefined ? "" : ` ${codedWidth}x${codedHeight}`;
		parts.push(`${video.track} ${video.rendition.codec}${size}`);
	}
	if (audio !== undefined) parts.push(`${audio.track} ${audio.rendition.codec}`);
	return parts.join(", ");
}

function describeReport({ kinds, latency, groups, dropped }: StreamReport): string[] {
	const rates = kinds.map(
		({ kind, bitsPerSecond, framesPerSecond }) =>
			`${kind} ${formatRate(bitsPerSecond)} ${framesPerSecond.toFixed(1)} f/s`,
	);
	const late = latency && `${latency.by === "clock" ? "behind" : "spread"} ${Math.round(latency.ms)} ms`;
	return [...rates, ...(late === undefined ? [] : [late]), `groups ${groups}`, `dropped ${dropped}`];
}

/** Whether frames of one choice can go on in the file of another. */
function isSameFormat(before: Choice | undefined, after: Choice): boolean {
	return isSameCodec(before?.video, after.video) && isSameCodec(before?.audio, after.audio);
}

function isSameCodec(
	before: Chosen<{ readonly codec: string; readonly description?: string }> | undefined,
	after: Chosen<{ readonly codec: string; readonly description?: string }> | undefined,
): boolean {
	return (
		before?.rendition.codec === after?.rendition.codec && before?.rendition.description === after?.rendition.description
	);
}

/** What the muxer throws is about the media, as far as a person is concerned. */
function explained(error: unknown): Error {
	if (error instanceof CommandError || error instanceof MediaError) return error;
	const message = error instanceof Error ? error.message : String(error);
	return new CommandError(`the recording failed: ${message}`, { cause: error });
}

/** How late a group may be and still be wanted, in ms: by the live edge, and by a recording. */
const LIVE_LATENCY_MS = 5000;
const RECORD_LATENCY_MS = 30_000;
