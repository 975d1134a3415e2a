/**
 * TRACK_INFO (versions with `track`): the answer on a track stream, which then ends.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import { Writer } from "../writer.ts";

/** Properties of a track that its publisher sets once. */
export interface TrackInfo {
	/** 0–255, higher first. */
	readonly priority: number;
	readonly ordered: boolean;
	/** How long the publisher keeps groups beyond the newest, in ms. */
	readonly latencyMaxMs: number;
	/** Timestamp units per second, at least 1. */
	readonly timescale: number;
}

/** @throws Malformed */
export function decodeTrackInfo(body: Uint8Array): TrackInfo {
	const cursor = new Cursor(body);
	const priority = cursor.u8();
	const ordered = cursor.bool();
	const latencyMaxMs = cursor.varint();
	const timescale = cursor.varint();
	if (timescale === 0) throw new Malformed("timescale of 0");
	cursor.end();
	return { priority, ordered, latencyMaxMs, timescale };
}

/** The whole message, size included. @throws RangeError for a timescale below 1. */
export function encodeTrackInfo(message: TrackInfo): Uint8Array {
	if (message.timescale < 1) throw new RangeError(`timescale of ${message.timescale}`);
	const writer = new Writer();
	const mark = writer.open();
	writer.u8(message.priority).bool(message.ordered).varint(message.latencyMaxMs).varint(message.timescale);
	return writer.close(mark).finish();
}
