/**
 * Writes what is watched as a fragmented MP4 that plays while it grows.
 * @module
 */
import {
	EncodedAudioPacketSource,
	EncodedPacket,
	EncodedVideoPacketSource,
	Mp4OutputFormat,
	Output,
	StreamTarget,
	type StreamTargetChunk,
} from "mediabunny";
import { OUTPUT_BYTES_MAX, RECORD_START_FRAMES_MAX, SILENCE_US_MAX } from "../limits.ts";
import type { MediaKind } from "./broadcast-viewer.ts";
import type { MediaSample } from "./container.ts";
import { MediaError } from "./media-error.ts";
import { audioCodecOf, audioConfigOf, videoCodecOf, videoConfigOf } from "./mp4-codec.ts";
import type { Choice } from "./rendition-choice.ts";
import { Timeline } from "./timeline.ts";

/** Takes the file's bytes, in order; resolves when they are on their way. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** One track of the file. */
interface Recording {
	readonly add: (packet: EncodedPacket, isFirst: boolean) => Promise<void>;
	readonly close: () => void;
	isClosed: boolean;
	/** Packets written. */
	count: number;
	/** Latest presentation time written, in µs of the file. */
	lastUs: number;
	/** Latest presentation time before the last key frame: nothing may be shown before it any more. */
	floorUs: number;
	/** Waiting for a key frame. */
	needsKey: boolean;
	/** Duration of the packet before: the best guess for one whose successor never comes. */
	durationUs: number;
}

/** A sample before the recording has begun. */
interface Early {
	readonly kind: MediaKind;
	readonly sample: MediaSample;
}

/** Records the renditions of one choice; publishers that come back with the same ones go on in the same file. */
export class MediaRecorder {
	readonly #output: Output;
	readonly #tracks = new Map<MediaKind, Recording>();
	readonly #timeline: Timeline = new Timeline();
	/** Undefined once every track has begun. */
	#early: Early[] | undefined = [];
	#work: Promise<void> = Promise.resolve();
	#hasStarted = false;
	#pendingBytes = 0;
	#failure: Error | undefined;

	/** @throws MediaError when a codec can't be put into an MP4. */
	constructor(choice: Choice, write: WriteBytes) {
		this.#output = new Output({
			format: new Mp4OutputFormat({ fastStart: "fragmented", minimumFragmentDuration: FRAGMENT_S }),
			target: new StreamTarget(
				new WritableStream<StreamTargetChunk>({
					write: async ({ data }) => {
						this.#pendingBytes = Math.max(0, this.#pendingBytes - data.byteLength);
						await this.#hand(data, write);
					},
				}),
			),
		});
		this.#addVideo(choice.video);
		this.#addAudio(choice.audio);
	}

	/** Packets that are in the file or on their way to it. */
	get packets(): number {
		let count = 0;
		for (const track of this.#tracks.values()) count += track.count;
		return count;
	}

	/** What writing failed with; nothing is written after it. */
	get failure(): Error | undefined {
		return this.#failure;
	}

	/** Add a sample; those of one kind come in decode order. What can't be shown or decoded in its place is left out. */
	add(kind: MediaKind, sample: MediaSample): void {
		if (this.#early === undefined) {
			this.#record(kind, sample);
			return;
		}
		this.#early.push({ kind, sample });
		const begun = new Set(this.#early.map((early) => early.kind));
		if (begun.size === this.#tracks.size || this.#early.length > RECORD_START_FRAMES_MAX) this.#begin();
	}

	/** Another publisher follows: each track goes on with its next key frame. */
	restart(): void {
		this.#timeline.restart();
		for (const track of this.#tracks.values()) track.needsKey = true;
	}

	/** Write what is in hand and close the file; the packets in it. @throws what any write before failed with. */
	async finish(): Promise<number> {
		this.#begin();
		await this.#work;
		if (this.#failure !== undefined) throw this.#failure;
		if (this.#hasStarted) await this.#output.finalize();
		return this.packets;
	}

	#addVideo(video: Choice["video"]): void {
		if (video === undefined) return;
		const source = new EncodedVideoPacketSource(videoCodecOf(video.rendition));
		this.#output.addVideoTrack(source);
		const decoderConfig = videoConfigOf(video.rendition);
		this.#open("video", {
			add: (packet, isFirst) => source.add(packet, isFirst ? { decoderConfig } : undefined),
			close: () => source.close(),
		});
	}

	#addAudio(audio: Choice["audio"]): void {
		if (audio === undefined) return;
		const source = new EncodedAudioPacketSource(audioCodecOf(audio.rendition));
		this.#output.addAudioTrack(source);
		const decoderConfig = audioConfigOf(audio.rendition);
		this.#open("audio", {
			add: (packet, isFirst) => source.add(packet, isFirst ? { decoderConfig } : undefined),
			close: () => source.close(),
		});
	}

	#open(kind: MediaKind, source: Pick<Recording, "add" | "close">): void {
		const start = { isClosed: false, count: 0, lastUs: -1, floorUs: -1, needsKey: true, durationUs: 0 };
		this.#tracks.set(kind, { ...source, ...start });
	}

	/** The file's time begins with the earliest of what is in hand. */
	#begin(): void {
		const early = this.#early ?? [];
		this.#early = undefined;
		const times = early.map(({ sample }) => sample.timestampUs);
		if (times.length > 0) this.#timeline.map(Math.min(...times));
		for (const { kind, sample } of early) this.#record(kind, sample);
	}

	#record(kind: MediaKind, sample: MediaSample): void {
		const track = this.#tracks.get(kind);
		if (track === undefined || track.isClosed || this.#failure !== undefined) return;
		const us = this.#timeline.map(sample.timestampUs);
		if (!isShowable(track, us, sample.key)) return;
		if (us > track.lastUs && track.lastUs >= 0) track.durationUs = us - track.lastUs;
		if (sample.key) track.floorUs = track.lastUs;
		track.lastUs = Math.max(track.lastUs, us);
		this.#write(track, new EncodedPacket(sample.data, sample.key ? "key" : "delta", us / 1e6, track.durationUs / 1e6));
		this.#closeSilent();
	}

	/** The muxer wraps what a write fails with; the first cause is the one to tell. */
	async #hand(bytes: Uint8Array, write: WriteBytes): Promise<void> {
		try {
			await write(bytes);
		} catch (error) {
			this.#failure ??= errorFrom(error);
			throw error;
		}
	}

	#write(track: Recording, packet: EncodedPacket): void {
		const isFirst = track.count === 0;
		track.count += 1;
		this.#pendingBytes += packet.byteLength;
		if (this.#pendingBytes > OUTPUT_BYTES_MAX) {
			this.#failure ??= new MediaError("the output is too slow for the broadcast");
			return;
		}
		if (!this.#hasStarted) this.#do(() => this.#output.start());
		this.#hasStarted = true;
		this.#do(() => track.add(packet, isFirst));
	}

	/** One step after the other; what fails is kept, and nothing follows it. */
	#do(step: () => Promise<void>): void {
		this.#work = this.#work
			.then(() => (this.#failure === undefined ? step() : undefined))
			.catch((error: unknown) => {
				this.#failure ??= errorFrom(error);
			});
	}

	/** All tracks wait in memory for the one that is furthest behind; one that has fallen silent is given up. */
	#closeSilent(): void {
		const newestUs = Math.max(...[...this.#tracks.values()].map(({ lastUs }) => lastUs));
		for (const track of this.#tracks.values()) {
			if (track.isClosed || newestUs - track.lastUs < SILENCE_US_MAX) continue;
			track.isClosed = true;
			this.#do(async () => track.close());
		}
	}
}

function errorFrom(thrown: unknown): Error {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Whether a decoder can use the frame, and a file can show it. */
function isShowable(track: Recording, us: number, key: boolean): boolean {
	if (key) {
		track.needsKey = us < 0 || us <= track.lastUs;
		return !track.needsKey;
	}
	return !track.needsKey && us > track.floorUs;
}

/** Least length of a fragment, in seconds. */
const FRAGMENT_S = 0.5;
