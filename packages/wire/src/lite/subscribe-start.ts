/**
 * SUBSCRIBE_START (05+): the first group is known. Part of `SubscribeReply`.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import type { Writer } from "../writer.ts";

/** Delivery begins at `group`; a later one than was asked for means that those before are dropped. */
export interface SubscribeStart {
	readonly reply: "start";
	readonly group: number;
}

/** Reads the fields. */
export function readSubscribeStart(cursor: Cursor): SubscribeStart {
	return { reply: "start", group: cursor.varint() };
}

/** Writes the fields. */
export function writeSubscribeStart(writer: Writer, message: SubscribeStart): void {
	writer.varint(message.group);
}
