/**
 * TRACK (versions with `track`): first and only on a track stream, asks for TRACK_INFO.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { PATH_BYTES_MAX, TRACK_NAME_BYTES_MAX } from "../limits.ts";
import { type Path, parsePath } from "../path.ts";
import { Writer } from "../writer.ts";

/** Asks for a track's properties. */
export interface Track {
	readonly broadcast: Path;
	readonly track: string;
}

/** @throws Malformed */
export function decodeTrack(body: Uint8Array): Track {
	const cursor = new Cursor(body);
	const broadcast = parsePath(cursor.string(PATH_BYTES_MAX));
	const track = cursor.string(TRACK_NAME_BYTES_MAX);
	cursor.end();
	return { broadcast, track };
}

/** The whole message, size included. */
export function encodeTrack(message: Track): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.string(message.broadcast).string(message.track);
	return writer.close(mark).finish();
}
