/**
 * MAX_DATA, MAX_STREAM_DATA and MAX_STREAMS: how far the peer may go.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { readSaturated } from "./saturate.ts";

/** Bytes that all streams of the connection together may carry. */
export interface MaxDataFrame {
	readonly type: "max-data";
	readonly max: number;
}

/** Bytes that one stream may carry. */
export interface MaxStreamDataFrame {
	readonly type: "max-stream-data";
	readonly id: number;
	readonly max: number;
}

/** Streams of one kind that the peer may have opened in all. */
export interface MaxStreamsFrame {
	readonly type: "max-streams";
	readonly kind: "bidi" | "uni";
	readonly max: number;
}

/** The frame. */
export function encodeMaxData(max: number): Uint8Array {
	return new Writer(16).u8(FrameType.MaxData).varint(max).finish();
}

/** The frame. */
export function encodeMaxStreamData(frame: Pick<MaxStreamDataFrame, "id" | "max">): Uint8Array {
	return new Writer(24).u8(FrameType.MaxStreamData).varint(frame.id).varint(frame.max).finish();
}

/** The frame. */
export function encodeMaxStreams(frame: Pick<MaxStreamsFrame, "kind" | "max">): Uint8Array {
	const type = frame.kind === "bidi" ? FrameType.MaxStreamsBidi : FrameType.MaxStreamsUni;
	return new Writer(16).u8(type).varint(frame.max).finish();
}

/** Reads what follows the type. */
export function decodeMaxData(cursor: Cursor): MaxDataFrame {
	return { type: "max-data", max: readSaturated(cursor) };
}

/** Reads what follows the type. */
export function decodeMaxStreamData(cursor: Cursor): MaxStreamDataFrame {
	return { type: "max-stream-data", id: readSaturated(cursor), max: readSaturated(cursor) };
}

/** Reads what follows the type. */
export function decodeMaxStreams(cursor: Cursor, kind: "bidi" | "uni"): MaxStreamsFrame {
	return { type: "max-streams", kind, max: readSaturated(cursor) };
}
