/**
 * GOAWAY (versions with `goaway`): first and only on a goaway stream.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { GOAWAY_URI_BYTES_MAX } from "../limits.ts";
import { Writer } from "../writer.ts";

/** The sender will close soon. */
export interface Goaway {
	/** Where to reconnect; "" is the same place. */
	readonly uri: string;
}

/** @throws Malformed */
export function decodeGoaway(body: Uint8Array): Goaway {
	const cursor = new Cursor(body);
	const uri = cursor.string(GOAWAY_URI_BYTES_MAX);
	cursor.end();
	return { uri };
}

/** The whole message, size included. */
export function encodeGoaway(message: Goaway): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	return writer.string(message.uri).close(mark).finish();
}
