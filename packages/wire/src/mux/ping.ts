/**
 * QX_PING: is the peer there, and its answer.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import type { Varint62 } from "../varint.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";

/** A ping, or the answer to one. */
export interface PingFrame {
	readonly type: "ping";
	readonly response: boolean;
	/** Of a request: higher than every one before; of a response: the request's. */
	readonly sequence: Varint62;
}

/** The frame. */
export function encodePing(frame: Omit<PingFrame, "type">): Uint8Array {
	const type = frame.response ? FrameType.PingResponse : FrameType.PingRequest;
	return new Writer(16).varint(type).varint(frame.sequence).finish();
}

/** Reads what follows the type. */
export function decodePing(cursor: Cursor, response: boolean): PingFrame {
	return { type: "ping", response, sequence: cursor.varint62() };
}
