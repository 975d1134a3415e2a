/**
 * Writes the frames of one body again under other headers.
 * @module
 */
import { Code, encodeFrameHeader, type FrameSink } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import type { Encoding, Tape } from "../tape.ts";
import { ChunkBuilder } from "./chunk-builder.ts";

/** Gives each frame its timestamp on the new tape; `timestamp` is what the source says, undefined where it says nothing. */
export type Stamp = (timestamp: number | undefined) => number;

/** Feeds a tape from a `FrameReader`; large payloads are shared, not copied. */
export class Reframer implements FrameSink {
	readonly #encoding: Encoding;
	readonly #builder: ChunkBuilder;
	readonly #stamp: Stamp;
	#last = 0;
	#frameCount = 0;

	constructor(tape: Tape, stamp: Stamp) {
		this.#encoding = tape.encoding;
		this.#builder = new ChunkBuilder(tape);
		this.#stamp = stamp;
	}

	/** Whole frames so far. */
	get frameCount(): number {
		return this.#frameCount;
	}

	onFrame(size: number, timestamp: number | undefined): void {
		const now = this.#stamp(timestamp);
		this.#builder.add(encodeFrameHeader({ size, timestampDelta: now - this.#last }, this.#encoding));
		this.#last = now;
	}

	onPayload(bytes: Uint8Array): void {
		this.#builder.add(bytes);
	}

	onFrameEnd(): void {
		this.#frameCount += 1;
	}

	/** Let the tape have everything up to here. */
	flush(): void {
		this.#builder.flush();
	}
}

/** Keeps the timestamps. */
export function keepStamp(timestamp: number | undefined): number {
	return timestamp ?? 0;
}

/**
 * Converts timestamps from one number of units per second to another.
 * @throws RequestError(TimestampMismatch), when used, for a time that the wire cannot carry in the new units.
 */
export function scaleStamp(from: number, to: number): Stamp {
	if (from === to) return keepStamp;
	return (timestamp = 0) => {
		const scaled = Math.round((timestamp / from) * to);
		if (scaled < TIMESTAMP_END) return scaled;
		throw new RequestError(
			Code.TimestampMismatch,
			`timestamp ${timestamp}/${from} does not fit ${to} units per second`,
		);
	};
}

/**
 * Stamps frames that have no timestamp with the time of their arrival: units since 2020-01-01T00:00Z, never decreasing
 * (protocol §4.8). `wallMs` is in ms since 1970.
 */
export function arrivalStamp(wallMs: () => number, timescale: number): Stamp {
	let last = 0;
	return () => {
		const sinceMs = Math.max(0, Math.floor(wallMs() - EPOCH_MS));
		last = Math.max(last, Math.floor((sinceMs / 1000) * timescale));
		return last;
	};
}

/** 2020-01-01T00:00Z in ms since 1970. */
const EPOCH_MS = 1_577_836_800_000;
/** Far above any real time, and low enough that a difference still fits a varint once its sign is folded in. */
const TIMESTAMP_END = 2 ** 60;
