import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cursor } from "./cursor.ts";
import { Malformed } from "./malformed.ts";
import { encodeVarint, readVarint62, varintLength, varintLengthOf, writeVarint } from "./varint.ts";
import { Writer } from "./writer.ts";

/** RFC 9000 appendix A.1. */
const KNOWN: readonly (readonly [string, number | bigint])[] = [
	["25", 37],
	["7bbd", 15_293],
	["9d7f3e7d", 494_878_333],
	["c2197c5eff14e88c", 151_288_809_941_952_652n],
];

test("encodeVarint() and readVarint62() agree with RFC 9000", () => {
	for (const [hex, value] of KNOWN) {
		assert.equal(Buffer.from(encodeVarint(value)).toString("hex"), hex);
		assert.equal(readVarint62(Buffer.from(hex, "hex"), 0), value);
	}
});

test("readVarint62() takes longer forms than needed", () => {
	assert.equal(readVarint62(Buffer.from("4025", "hex"), 0), 37);
	assert.equal(readVarint62(Buffer.from("c000000000000025", "hex"), 0), 37);
});

test("encodeVarint() is shortest at every edge", () => {
	for (const [value, length] of [
		[0, 1],
		[63, 1],
		[64, 2],
		[16_383, 2],
		[16_384, 4],
		[2 ** 30 - 1, 4],
		[2 ** 30, 8],
		[2 ** 32 - 1, 8],
		[2 ** 32, 8],
		[2 ** 53 - 1, 8],
		[2n ** 53n, 8],
		[2n ** 62n - 1n, 8],
	] as const) {
		const bytes = encodeVarint(value);
		assert.equal(bytes.length, length);
		assert.equal(varintLengthOf(bytes[0] as number), length);
		assert.equal(readVarint62(bytes, 0), value);
		assert.equal(new Cursor(bytes).varint62(), value);
	}
});

test("varintLength() rejects what is no varint", () => {
	for (const value of [-1, 0.5, 100.5, 20_000.5, 2 ** 31 + 0.5, 2 ** 53, Number.NaN, Infinity, -1n, 2n ** 62n]) {
		assert.throws(() => varintLength(value), RangeError, String(value));
	}
});

test("Cursor.varint() rejects values above 2^53-1", () => {
	assert.equal(new Cursor(encodeVarint(2 ** 53 - 1)).varint(), 2 ** 53 - 1);
	assert.throws(() => new Cursor(encodeVarint(2n ** 53n)).varint(), Malformed);
	assert.throws(() => new Cursor(new Uint8Array(8).fill(0xff)).varint(), Malformed);
});

test("readVarint62() reads back what writeVarint() wrote, anywhere in a buffer", () => {
	const values = fc.oneof(fc.nat(100_000), fc.maxSafeNat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n - 1n }));
	fc.assert(
		fc.property(values, fc.nat(9), (value, at) => {
			const bytes = new Uint8Array(32).fill(0xee);
			const after = writeVarint(bytes, at, value);
			assert.equal(after - at, varintLength(value));
			assert.equal(readVarint62(bytes, at), value);
			assert.equal(bytes[after], 0xee);
			assert.deepEqual(new Writer(0).varint(value).finish(), bytes.subarray(at, after));
		}),
	);
});
