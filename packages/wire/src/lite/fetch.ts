/**
 * FETCH (versions with `fetch`): first and only on a fetch stream; the answer is the group's frames alone.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { PATH_BYTES_MAX, TRACK_NAME_BYTES_MAX } from "../limits.ts";
import { type Path, parsePath } from "../path.ts";
import { Writer } from "../writer.ts";

/** Asks for one whole group. */
export interface Fetch {
	readonly broadcast: Path;
	readonly track: string;
	/** 0–255, higher first. */
	readonly priority: number;
	/** The group's sequence. */
	readonly group: number;
}

/** @throws Malformed */
export function decodeFetch(body: Uint8Array): Fetch {
	const cursor = new Cursor(body);
	const broadcast = parsePath(cursor.string(PATH_BYTES_MAX));
	const track = cursor.string(TRACK_NAME_BYTES_MAX);
	const priority = cursor.u8();
	const group = cursor.varint();
	cursor.end();
	return { broadcast, track, priority, group };
}

/** The whole message, size included. */
export function encodeFetch(message: Fetch): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.string(message.broadcast).string(message.track).u8(message.priority).varint(message.group);
	return writer.close(mark).finish();
}
