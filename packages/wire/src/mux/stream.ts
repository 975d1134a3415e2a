/**
 * STREAM: bytes of one stream.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { varintLength, writeVarint } from "../varint.ts";
import { FrameType } from "./frame-type.ts";
import { hasFlowControl, type MuxFraming } from "./framing.ts";
import { STREAM_DATA_BYTES_MAX } from "./limits.ts";
import { readSaturated } from "./saturate.ts";

/** Bytes of a stream, in order. */
export interface StreamFrame {
	readonly type: "stream";
	readonly id: number;
	/** Where `data` begins in the stream; undefined where the frame does not say (old clients, oldest framing). */
	readonly offset: number | undefined;
	/** A view of the message. */
	readonly data: Uint8Array;
	readonly fin: boolean;
}

/** What stands before the data; the data itself goes out by reference, next to the header. */
export interface StreamHeader {
	readonly id: number;
	readonly offset: number;
	readonly length: number;
	readonly fin: boolean;
}

/** The header of a STREAM frame. In the oldest framing the data runs to the end of the message. */
export function encodeStreamHeader(header: StreamHeader, framing: MuxFraming): Uint8Array {
	// Made for every frame of every viewer: in one piece of the right size, which costs half of what a Writer does.
	const { id, offset, length, fin } = header;
	const finBit = fin ? FIN : 0;
	if (!hasFlowControl(framing)) {
		const bytes = new Uint8Array(1 + varintLength(id));
		bytes[0] = FrameType.Stream | finBit;
		writeVarint(bytes, 1, id);
		return bytes;
	}
	const bytes = new Uint8Array(1 + varintLength(id) + varintLength(offset) + varintLength(length));
	bytes[0] = FrameType.Stream | OFFSET | LENGTH | finBit;
	writeVarint(bytes, writeVarint(bytes, writeVarint(bytes, 1, id), offset), length);
	return bytes;
}

/**
 * The most data that fits with its header into `budget` bytes, for a stream that stands at `offset`; 0 when none does.
 * At most `STREAM_DATA_BYTES_MAX`, above which released clients close the session.
 */
export function streamDataBytesMax(at: { id: number; offset: number }, budget: number): number {
	// Two bytes hold any length up to STREAM_DATA_BYTES_MAX.
	const header = 1 + varintLength(at.id) + varintLength(at.offset) + 2;
	return Math.min(Math.max(0, budget - header), STREAM_DATA_BYTES_MAX);
}

/** Reads what follows the type. */
export function decodeStream(cursor: Cursor, type: number, framing: MuxFraming): StreamFrame {
	const fin = (type & FIN) !== 0;
	const id = readSaturated(cursor);
	if (!hasFlowControl(framing)) return { type: "stream", id, offset: undefined, data: cursor.rest(), fin };
	const offset = (type & OFFSET) !== 0 ? readSaturated(cursor) : undefined;
	const data = (type & LENGTH) !== 0 ? cursor.take(cursor.varint()) : cursor.rest();
	return { type: "stream", id, offset, data, fin };
}

const FIN = 0x01;
const LENGTH = 0x02;
const OFFSET = 0x04;
