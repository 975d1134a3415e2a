/**
 * What stands before each frame's payload in a group.
 * @module
 */
import { type Varint62, varintLength, writeVarint } from "../varint.ts";

/** The forms of a group's frames: size and payload (moq-lite 01–04), or timestamp delta, size and payload (05). */
export type FrameEncoding = "lite-01" | "lite-05";

/** One frame's header. */
export interface FrameHeader {
	/** Payload bytes. */
	readonly size: number;
	/** Change against the frame before, or against 0 for the first, in the track's timescale; not on the wire in "lite-01". */
	readonly timestampDelta: number;
}

/** The bytes before the payload. @throws RangeError for a size or delta that is no integer, or too large for a varint. */
export function encodeFrameHeader(header: FrameHeader, encoding: FrameEncoding): Uint8Array {
	if (encoding === "lite-01") {
		const bytes = new Uint8Array(varintLength(header.size));
		writeVarint(bytes, 0, header.size);
		return bytes;
	}
	const delta = zigzag(header.timestampDelta);
	const bytes = new Uint8Array(varintLength(delta) + varintLength(header.size));
	writeVarint(bytes, writeVarint(bytes, 0, delta), header.size);
	return bytes;
}

/** Signed to unsigned: 0, -1, 1, -2 … become 0, 1, 2, 3 … @throws RangeError for a fraction. */
export function zigzag(delta: number): Varint62 {
	if (!Number.isInteger(delta)) throw new RangeError(`timestamp delta of ${delta}`);
	const value = delta < 0 ? -2 * delta - 1 : 2 * delta;
	if (value <= Number.MAX_SAFE_INTEGER) return value;
	return delta < 0 ? -2n * BigInt(delta) - 1n : 2n * BigInt(delta);
}

/** Unsigned to signed; rounded to a double at and above 2^53. */
export function unzigzag(value: Varint62): number {
	if (typeof value === "number") return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
	return Number(value & 1n ? -((value + 1n) >> 1n) : value >> 1n);
}
