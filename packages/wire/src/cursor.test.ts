import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "./codes.ts";
import { Cursor } from "./cursor.ts";
import { Malformed } from "./malformed.ts";
import { Writer } from "./writer.ts";

test("Cursor reads what Writer wrote", () => {
	const long = "ä€😀".repeat(40);
	const writer = new Writer(1).u8(255).u16(0xbeef).bool(true).varint(300).optional(undefined).optional(0);
	writer
		.string("")
		.string(long)
		.bytes(new Uint8Array([1, 2, 3]));
	const cursor = new Cursor(writer.finish());
	assert.equal(cursor.u8(), 255);
	assert.equal(cursor.u16(), 0xbeef);
	assert.equal(cursor.bool(), true);
	assert.equal(cursor.varint(), 300);
	assert.equal(cursor.optional(), undefined);
	assert.equal(cursor.optional(), 0);
	assert.equal(cursor.string(0), "");
	assert.equal(cursor.string(1000), long);
	assert.deepEqual(cursor.rest(), new Uint8Array([1, 2, 3]));
	cursor.end();
});

test("Cursor rejects every read past the end", () => {
	const reads: ((cursor: Cursor) => unknown)[] = [
		(c) => c.u8(),
		(c) => c.u16(),
		(c) => c.bool(),
		(c) => c.varint(),
		(c) => c.varint62(),
		(c) => c.optional(),
		(c) => c.string(10),
		(c) => c.take(1),
	];
	for (const read of reads) assert.throws(() => read(new Cursor(new Uint8Array(0))), Malformed);
	for (const bytes of [[0x40], [0x80, 0, 0], [0xc0, 0, 0, 0, 0, 0, 0]]) {
		assert.throws(() => new Cursor(new Uint8Array(bytes)).varint(), Malformed);
		assert.throws(() => new Cursor(new Uint8Array(bytes)).varint62(), Malformed);
	}
	assert.throws(() => new Cursor(new Uint8Array([1])).u16(), Malformed);
});

test("Cursor.string() checks its limit and its text", () => {
	const bytes = new Writer().string("hello").finish();
	assert.equal(new Cursor(bytes).string(5), "hello");
	assert.throws(
		() => new Cursor(bytes).string(4),
		(thrown) => thrown instanceof Malformed && thrown.code === Code.BoundsExceeded,
	);
	assert.throws(() => new Cursor(new Uint8Array([2, 0xc3, 0x28])).string(10), Malformed);
	assert.throws(() => new Cursor(new Uint8Array([0xff, 255, 255, 255, 255, 255, 255, 255])).string(1e9), Malformed);
});

test("Cursor.bool() takes 0 and 1 alone", () => {
	assert.equal(new Cursor(new Uint8Array([0])).bool(), false);
	assert.throws(() => new Cursor(new Uint8Array([2])).bool(), Malformed);
});

test("Cursor.end() rejects trailing bytes", () => {
	assert.throws(() => new Cursor(new Uint8Array(1)).end(), Malformed);
	new Cursor(new Uint8Array(0)).end();
});

test("Cursor stays inside a view of a larger buffer", () => {
	const cursor = new Cursor(new Uint8Array([9, 1, 2, 9]).subarray(1, 3));
	assert.equal(cursor.u16(), 0x0102);
	assert.throws(() => cursor.u8(), Malformed);
});
