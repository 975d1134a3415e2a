/**
 * SESSION_INFO (versions with `sessionInfo`): follows the in-band SETUP on its stream, as often as it changes.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";

/** The sender's view of the connection. */
export interface SessionInfo {
	/** Estimated rate in bits per second. */
	readonly bitrate: number;
}

/** @throws Malformed */
export function decodeSessionInfo(body: Uint8Array): SessionInfo {
	const cursor = new Cursor(body);
	const bitrate = cursor.varint();
	cursor.end();
	return { bitrate };
}

/** The whole message, size included. */
export function encodeSessionInfo(message: SessionInfo): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	return writer.varint(message.bitrate).close(mark).finish();
}
