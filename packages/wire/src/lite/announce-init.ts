/**
 * ANNOUNCE_INIT (versions with `announceInit`): everything live below the prefix, first on an announce stream.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { PATH_BYTES_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { type Path, parsePath } from "../path.ts";
import { Writer } from "../writer.ts";

/** All live broadcasts. */
export interface AnnounceInit {
	/** Paths below the prefix that was asked for. */
	readonly suffixes: readonly Path[];
}

/** @throws Malformed. The body may be up to `ANNOUNCE_INIT_BYTES_MAX`. */
export function decodeAnnounceInit(body: Uint8Array): AnnounceInit {
	const cursor = new Cursor(body);
	const count = cursor.varint();
	// A suffix takes a byte at least.
	if (count > cursor.remaining) throw new Malformed(`${count} suffixes in ${cursor.remaining} bytes`);
	const suffixes: Path[] = [];
	for (let i = 0; i < count; i++) suffixes.push(parsePath(cursor.string(PATH_BYTES_MAX)));
	cursor.end();
	return { suffixes };
}

/** The whole message, size included. */
export function encodeAnnounceInit(message: AnnounceInit): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.varint(message.suffixes.length);
	for (const suffix of message.suffixes) writer.string(suffix);
	return writer.close(mark).finish();
}
