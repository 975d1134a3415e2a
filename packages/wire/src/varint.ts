/**
 * QUIC variable-length integers (RFC 9000 §16): 1, 2, 4 or 8 bytes, the two highest bits of the first tell which.
 *
 * Values are numbers up to 2^53-1. The few fields that may go to 2^62-1 (origin ids) are `number | bigint`: a bigint
 * only at and above 2^53, so that equal ids are equal values.
 * @module
 */
import { Malformed } from "./malformed.ts";

/** A varint of the full range: number below 2^53, bigint from there to 2^62-1. */
export type Varint62 = number | bigint;

/** Bytes that the varint beginning with `first` takes. */
export function varintLengthOf(first: number): number {
	return 1 << (first >> 6);
}

/** Bytes of the shortest form of `value`. @throws RangeError when it is no integer from 0 to 2^62-1. */
export function varintLength(value: Varint62): number {
	if (value >= 0 && value < 0x40) return checkInteger(value, 1);
	if (value >= 0 && value < 0x4000) return checkInteger(value, 2);
	if (value >= 0 && value < 0x4000_0000) return checkInteger(value, 4);
	if (typeof value === "number" ? Number.isSafeInteger(value) && value >= 0 : value >= 0n && value < BIGINT_END) {
		return 8;
	}
	throw new RangeError(`${value} is not a varint`);
}

/**
 * The value at `at`; all its bytes must be there (`varintLengthOf`).
 * @throws Malformed above 2^53-1.
 */
export function readVarint(bytes: Uint8Array, at: number): number {
	const first = bytes[at] as number;
	switch (first >> 6) {
		case 0:
			return first;
		case 1:
			return ((first & 0x3f) << 8) | (bytes[at + 1] as number);
		case 2:
			return ((first & 0x3f) << 24) | readU24(bytes, at + 1);
		default: {
			const high = ((first & 0x3f) << 24) | readU24(bytes, at + 1);
			if (high >= HIGH_END) throw new Malformed("varint above 2^53-1");
			return high * 0x1_0000_0000 + readU32(bytes, at + 4);
		}
	}
}

/** As `readVarint`, for the full range. */
export function readVarint62(bytes: Uint8Array, at: number): Varint62 {
	const first = bytes[at] as number;
	if (first >> 6 !== 3) return readVarint(bytes, at);
	const high = ((first & 0x3f) << 24) | readU24(bytes, at + 1);
	if (high < HIGH_END) return readVarint(bytes, at);
	return (BigInt(high) << 32n) | BigInt(readU32(bytes, at + 4));
}

/**
 * Write the shortest form at `at`, where `varintLength(value)` bytes must be free, and return the offset after it.
 * @throws RangeError as `varintLength`.
 */
export function writeVarint(bytes: Uint8Array, at: number, value: Varint62): number {
	const length = varintLength(value);
	if (length === 8) {
		writeLong(bytes, at, value);
	} else {
		let left = Number(value);
		for (let i = at + length - 1; i >= at; i--) {
			bytes[i] = left & 0xff;
			left >>>= 8;
		}
		// 1, 2, 4 bytes carry 0, 1, 2 in the two highest bits.
		bytes[at] = (bytes[at] as number) | ((length >> 1) << 6);
	}
	return at + length;
}

/** The shortest form of `value` in an array of its own. @throws RangeError as `varintLength`. */
export function encodeVarint(value: Varint62): Uint8Array {
	const bytes = new Uint8Array(varintLength(value));
	writeVarint(bytes, 0, value);
	return bytes;
}

function checkInteger(value: Varint62, length: number): number {
	if (typeof value === "number" && !Number.isInteger(value)) throw new RangeError(`${value} is not a varint`);
	return length;
}

function readU24(bytes: Uint8Array, at: number): number {
	return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

function readU32(bytes: Uint8Array, at: number): number {
	return (((bytes[at] as number) << 24) | readU24(bytes, at + 1)) >>> 0;
}

function writeLong(bytes: Uint8Array, at: number, value: Varint62): void {
	const high = typeof value === "bigint" ? Number(value >> 32n) : Math.floor(value / 0x1_0000_0000);
	const low = typeof value === "bigint" ? Number(value & 0xffff_ffffn) : value >>> 0;
	for (let i = 0; i < 4; i++) {
		bytes[at + i] = high >>> (24 - 8 * i);
		bytes[at + 4 + i] = low >>> (24 - 8 * i);
	}
	bytes[at] = (bytes[at] as number) | 0xc0;
}

/** High 32 bits of 2^53. */
const HIGH_END = 0x20_0000;
const BIGINT_END = 1n << 62n;
