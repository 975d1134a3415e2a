/**
 * SUBSCRIBE_END (05+): the track is over. Part of `SubscribeReply`.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import type { Writer } from "../writer.ts";

/** No group at or above `group` will come; 0 means that there was none at all. */
export interface SubscribeEnd {
	readonly reply: "end";
	/** One past the last group. */
	readonly group: number;
}

/** Reads the fields. */
export function readSubscribeEnd(cursor: Cursor): SubscribeEnd {
	return { reply: "end", group: cursor.varint() };
}

/** Writes the fields. */
export function writeSubscribeEnd(writer: Writer, message: SubscribeEnd): void {
	writer.varint(message.group);
}
