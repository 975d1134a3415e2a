/**
 * SUBSCRIBE_DROP (03+): groups that will not come. Part of `SubscribeReply`.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import type { Writer } from "../writer.ts";

/** Groups `start` to `end`, both inclusive, were given up. */
export interface SubscribeDrop {
	readonly reply: "drop";
	readonly start: number;
	readonly end: number;
	/** A stream code. */
	readonly code: number;
}

/** Reads the fields. */
export function readSubscribeDrop(cursor: Cursor): SubscribeDrop {
	const start = cursor.varint();
	const end = cursor.varint();
	if (end < start) throw new Malformed(`drop of groups ${start} to ${end}`);
	return { reply: "drop", start, end, code: cursor.varint() };
}

/** Writes the fields. */
export function writeSubscribeDrop(writer: Writer, message: SubscribeDrop): void {
	writer.varint(message.start).varint(message.end).varint(message.code);
}
