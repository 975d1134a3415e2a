/**
 * DATA_BLOCKED, STREAM_DATA_BLOCKED and STREAMS_BLOCKED: the peer met a limit of ours. Hints; nothing answers them.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { readSaturated } from "./saturate.ts";

/** Which limit holds the sender up. */
export interface BlockedFrame {
	readonly type: "blocked";
	readonly by: "data" | "stream-data" | "streams-bidi" | "streams-uni";
	/** Which stream; undefined unless `by` is "stream-data". */
	readonly id: number | undefined;
	/** The limit that was reached. */
	readonly limit: number;
}

/** The frame. */
export function encodeBlocked(frame: Omit<BlockedFrame, "type">): Uint8Array {
	const writer = new Writer(24).u8(TYPES[frame.by]);
	if (frame.id !== undefined) writer.varint(frame.id);
	return writer.varint(frame.limit).finish();
}

/** Reads what follows the type. */
export function decodeBlocked(cursor: Cursor, by: BlockedFrame["by"]): BlockedFrame {
	const id = by === "stream-data" ? readSaturated(cursor) : undefined;
	return { type: "blocked", by, id, limit: readSaturated(cursor) };
}

const TYPES: Readonly<Record<BlockedFrame["by"], number>> = {
	data: FrameType.DataBlocked,
	"stream-data": FrameType.StreamDataBlocked,
	"streams-bidi": FrameType.StreamsBlockedBidi,
	"streams-uni": FrameType.StreamsBlockedUni,
};
