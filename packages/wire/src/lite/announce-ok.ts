/**
 * ANNOUNCE_OK (versions with `announceOk`): first on an announce stream, who answers and how much follows at once.
 * @module
 */
import { Cursor } from "../cursor.ts";
import type { Varint62 } from "../varint.ts";
import { Writer } from "../writer.ts";

/** Answers an ANNOUNCE_REQUEST. */
export interface AnnounceOk {
	/** The responder's origin id, which the receiver appends to the hops of what follows; 0 when it has none. Old clients refuse 0. */
	readonly origin: Varint62;
	/** Announcements that follow at once: all that is live now. */
	readonly active: number;
}

/** @throws Malformed */
export function decodeAnnounceOk(body: Uint8Array): AnnounceOk {
	const cursor = new Cursor(body);
	const origin = cursor.varint62();
	const active = cursor.varint();
	cursor.end();
	return { origin, active };
}

/** The whole message, size included. */
export function encodeAnnounceOk(message: AnnounceOk): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.varint(message.origin).varint(message.active);
	return writer.close(mark).finish();
}
