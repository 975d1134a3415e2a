/**
 * ANNOUNCE_REQUEST (also INTEREST, PLEASE): the opener of an announce stream asks what is live below a prefix.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { PATH_BYTES_MAX } from "../limits.ts";
import { type Path, parsePath } from "../path.ts";
import type { Varint62 } from "../varint.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";

/** Asks for announcements. */
export interface AnnounceRequest {
	readonly prefix: Path;
	/** Announcements that passed this origin are not wanted; 0 excludes none (always so without `excludeHop`). */
	readonly excludeHop: Varint62;
}

/** @throws Malformed */
export function decodeAnnounceRequest(body: Uint8Array, version: LiteVersion): AnnounceRequest {
	const cursor = new Cursor(body);
	const prefix = parsePath(cursor.string(PATH_BYTES_MAX));
	const excludeHop = version.excludeHop ? cursor.varint62() : 0;
	cursor.end();
	return { prefix, excludeHop };
}

/** The whole message, size included. */
export function encodeAnnounceRequest(message: AnnounceRequest, version: LiteVersion): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.string(message.prefix);
	if (version.excludeHop) writer.varint(message.excludeHop);
	return writer.close(mark).finish();
}
