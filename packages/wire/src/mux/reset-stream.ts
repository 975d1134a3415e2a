/**
 * RESET_STREAM and RESET_STREAM_AT: the sender gives a stream up.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { hasFlowControl, type MuxFraming } from "./framing.ts";
import { readSaturated } from "./saturate.ts";

/** The sender gives a stream up. */
export interface ResetStreamFrame {
	readonly type: "reset-stream";
	readonly id: number;
	readonly code: number;
	/** Bytes of the stream that count for flow control; 0 in the oldest framing, and from old clients whatever was sent. */
	readonly finalSize: number;
	/** RESET_STREAM_AT: bytes that are delivered all the same. Undefined in a plain reset. */
	readonly reliableSize: number | undefined;
}

/** A plain reset. */
export function encodeResetStream(
	frame: Pick<ResetStreamFrame, "id" | "code" | "finalSize">,
	framing: MuxFraming,
): Uint8Array {
	const writer = new Writer(32).u8(FrameType.ResetStream).varint(frame.id).varint(frame.code);
	return hasFlowControl(framing) ? writer.varint(frame.finalSize).finish() : writer.finish();
}

/** Reads what follows the type. */
export function decodeResetStream(cursor: Cursor, framing: MuxFraming): ResetStreamFrame {
	const id = readSaturated(cursor);
	const code = readSaturated(cursor);
	const finalSize = hasFlowControl(framing) ? readSaturated(cursor) : 0;
	return { type: "reset-stream", id, code, finalSize, reliableSize: undefined };
}

/** Reads what follows the type. */
export function decodeResetStreamAt(cursor: Cursor, framing: MuxFraming): ResetStreamFrame {
	const reset = decodeResetStream(cursor, framing);
	const reliableSize = readSaturated(cursor);
	if (reliableSize > reset.finalSize) throw new Malformed("RESET_STREAM_AT beyond the end of its stream");
	return { ...reset, reliableSize };
}
