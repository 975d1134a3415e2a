/**
 * DATAGRAM: a payload of its own, outside every stream.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { varintLength } from "../varint.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";

/** A payload of its own. */
export interface DatagramFrame {
	readonly type: "datagram";
	/** A view of the message. */
	readonly payload: Uint8Array;
	/** Bytes of the whole frame, which is what the peer's limit counts. */
	readonly frameBytes: number;
}

/** What stands before the payload; the payload itself goes out by reference. */
export function encodeDatagramHeader(payloadBytes: number): Uint8Array {
	return new Writer(8).u8(FrameType.DatagramWithLength).varint(payloadBytes).finish();
}

/** The largest payload whose frame keeps within `frameBytes`; 0 when none does. */
export function datagramPayloadBytesMax(frameBytes: number): number {
	return Math.max(0, frameBytes - 1 - varintLength(frameBytes));
}

/** Reads what follows the type. */
export function decodeDatagram(cursor: Cursor, hasLength: boolean): DatagramFrame {
	const before = cursor.remaining;
	const payload = hasLength ? cursor.take(cursor.varint()) : cursor.rest();
	return { type: "datagram", payload, frameBytes: 1 + before - cursor.remaining };
}
