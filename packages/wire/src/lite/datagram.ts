/**
 * A datagram (versions with `datagrams`): a whole group of one frame.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";

/** One frame of one group. */
export interface Datagram {
	/** The subscription's id. */
	readonly subscribe: number;
	/** The group's sequence. */
	readonly sequence: number;
	/** Absolute, in the track's timescale; rounded to a double at and above 2^53. */
	readonly timestamp: number;
	/** A view of the datagram when decoded. */
	readonly payload: Uint8Array;
}

/** `bytes` is the whole datagram. @throws Malformed */
export function decodeDatagram(bytes: Uint8Array): Datagram {
	const cursor = new Cursor(bytes);
	const subscribe = cursor.varint();
	const sequence = cursor.varint();
	const timestamp = Number(cursor.varint62());
	return { subscribe, sequence, timestamp, payload: cursor.rest() };
}

/** The whole datagram; whether it fits the path is the caller's business (`DATAGRAM_BYTES_MAX`). */
export function encodeDatagram(datagram: Datagram): Uint8Array {
	const { subscribe, sequence, timestamp, payload } = datagram;
	const writer = new Writer(24 + payload.length);
	writer.varint(subscribe).varint(sequence);
	writer.varint(timestamp > Number.MAX_SAFE_INTEGER ? BigInt(timestamp) : timestamp);
	return writer.bytes(payload).finish();
}
