/**
 * GROUP: first on a group's unidirectional stream; frames follow to its end.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { varintLength, writeVarint } from "../varint.ts";
import { UniType } from "./stream-type.ts";

/** Which group of which subscription. */
export interface Group {
	/** The subscription's id. */
	readonly subscribe: number;
	readonly sequence: number;
}

/** @throws Malformed */
export function decodeGroup(body: Uint8Array): Group {
	const cursor = new Cursor(body);
	const subscribe = cursor.varint();
	const sequence = cursor.varint();
	cursor.end();
	return { subscribe, sequence };
}

/** The whole head of a group stream: stream type, size, fields. Made once per group and viewer, so it takes no Writer. */
export function encodeGroupHeader(group: Group): Uint8Array {
	const size = varintLength(group.subscribe) + varintLength(group.sequence);
	const bytes = new Uint8Array(2 + size);
	bytes[0] = UniType.Group;
	bytes[1] = size;
	writeVarint(bytes, writeVarint(bytes, 2, group.subscribe), group.sequence);
	return bytes;
}
