/**
 * STOP_SENDING: the receiver wants no more of a stream.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { readSaturated } from "./saturate.ts";

/** The receiver wants no more of a stream. */
export interface StopSendingFrame {
	readonly type: "stop-sending";
	readonly id: number;
	readonly code: number;
}

/** The same in every framing. */
export function encodeStopSending(frame: Pick<StopSendingFrame, "id" | "code">): Uint8Array {
	return new Writer(24).u8(FrameType.StopSending).varint(frame.id).varint(frame.code).finish();
}

/** Reads what follows the type. */
export function decodeStopSending(cursor: Cursor): StopSendingFrame {
	return { type: "stop-sending", id: readSaturated(cursor), code: readSaturated(cursor) };
}
