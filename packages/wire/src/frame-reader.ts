/**
 * Follows the frames in a group's body, fed in chunks of any size. Runs on every ingested chunk.
 * @module
 */
import { Code } from "./codes.ts";
import { FRAME_BYTES_MAX, GROUP_BYTES_MAX, GROUP_FRAMES_MAX } from "./limits.ts";
import { type FrameEncoding, unzigzag } from "./lite/frame-header.ts";
import { Malformed } from "./malformed.ts";
import { readVarint, readVarint62, varintLengthOf } from "./varint.ts";

/** What a `FrameReader` tells; called synchronously inside `push`. */
export interface FrameSink {
	/**
	 * A frame begins. `timestamp` is absolute, in the track's timescale (rounded to a double at and above 2^53);
	 * undefined in "lite-01".
	 */
	onFrame(size: number, timestamp: number | undefined): void;
	/** The next bytes of its payload, as a view of the chunk. */
	onPayload(bytes: Uint8Array): void;
	/** All of its payload has come. */
	onFrameEnd(): void;
}

/** Bounds of one group. */
export interface FrameLimits {
	readonly frameBytes: number;
	/** Payload bytes of all frames together. */
	readonly groupBytes: number;
	readonly frames: number;
}

/** The bounds of `limits.ts`. */
export const FRAME_LIMITS: FrameLimits = {
	frameBytes: FRAME_BYTES_MAX,
	groupBytes: GROUP_BYTES_MAX,
	frames: GROUP_FRAMES_MAX,
};

/** Incremental parser of one group's body. After a throw it must not be used again. */
export class FrameReader {
	readonly #timed: boolean;
	readonly #sink: FrameSink;
	readonly #limits: FrameLimits;
	/** Beginning of a header that a chunk cut; two varints at most. */
	readonly #head: Uint8Array = new Uint8Array(HEADER_BYTES_MAX);
	#headLength = 0;
	#payloadLeft = 0;
	#timestamp = 0;
	#frames = 0;
	#bytes = 0;

	constructor(encoding: FrameEncoding, sink: FrameSink, limits: FrameLimits = FRAME_LIMITS) {
		this.#timed = encoding === "lite-05";
		this.#sink = sink;
		this.#limits = limits;
	}

	/** Frames begun so far. */
	get frames(): number {
		return this.#frames;
	}

	/** Payload bytes announced by the headers so far. */
	get payloadBytes(): number {
		return this.#bytes;
	}

	/** True between frames, where a group may end. */
	get idle(): boolean {
		return this.#payloadLeft === 0 && this.#headLength === 0;
	}

	/**
	 * The next bytes of the body.
	 * @throws Malformed for a negative timestamp, FrameTooLarge or BoundsExceeded over a limit, as soon as the header says so.
	 */
	push(chunk: Uint8Array): void {
		let at = 0;
		while (at < chunk.length) at = this.#payloadLeft > 0 ? this.#payload(chunk, at) : this.#header(chunk, at);
	}

	/** The body is complete. @throws Malformed in the middle of a frame. */
	finish(): void {
		if (!this.idle) throw new Malformed("group ends inside a frame");
	}

	#payload(chunk: Uint8Array, at: number): number {
		const end = Math.min(chunk.length, at + this.#payloadLeft);
		this.#payloadLeft -= end - at;
		this.#sink.onPayload(end - at === chunk.length ? chunk : chunk.subarray(at, end));
		if (this.#payloadLeft === 0) this.#sink.onFrameEnd();
		return end;
	}

	#header(chunk: Uint8Array, at: number): number {
		if (this.#headLength === 0) {
			const length = this.#headerLength(chunk, at, chunk.length);
			if (length > 0) {
				this.#begin(chunk, at);
				return at + length;
			}
		}
		const before = this.#headLength;
		const copied = Math.min(HEADER_BYTES_MAX - before, chunk.length - at);
		for (let i = 0; i < copied; i++) this.#head[before + i] = chunk[at + i] as number;
		const length = this.#headerLength(this.#head, 0, before + copied);
		if (length === 0) {
			// Incomplete, so the chunk is used up: a whole header always fits.
			this.#headLength = before + copied;
			return chunk.length;
		}
		this.#headLength = 0;
		this.#begin(this.#head, 0);
		return at + length - before;
	}

	/** Bytes of the header at `at`; 0 while it is not all there. */
	#headerLength(bytes: Uint8Array, at: number, end: number): number {
		const first = varintLengthOf(bytes[at] as number);
		if (!this.#timed) return at + first > end ? 0 : first;
		if (at + first >= end) return 0;
		const length = first + varintLengthOf(bytes[at + first] as number);
		return at + length > end ? 0 : length;
	}

	#begin(bytes: Uint8Array, at: number): void {
		let timestamp: number | undefined;
		let sizeAt = at;
		if (this.#timed) {
			sizeAt += varintLengthOf(bytes[at] as number);
			timestamp = this.#timestamp + unzigzag(readVarint62(bytes, at));
			if (timestamp < 0) throw new Malformed("timestamp below 0");
			this.#timestamp = timestamp;
		}
		const size = readVarint(bytes, sizeAt);
		this.#account(size);
		this.#payloadLeft = size;
		this.#sink.onFrame(size, timestamp);
		if (size === 0) this.#sink.onFrameEnd();
	}

	#account(size: number): void {
		if (size > this.#limits.frameBytes) throw new Malformed(`frame of ${size} bytes`, Code.FrameTooLarge);
		this.#bytes += size;
		if (this.#bytes > this.#limits.groupBytes) throw new Malformed("group is too large", Code.BoundsExceeded);
		this.#frames += 1;
		if (this.#frames > this.#limits.frames) throw new Malformed("too many frames", Code.BoundsExceeded);
	}
}

const HEADER_BYTES_MAX = 16;
