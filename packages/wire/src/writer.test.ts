import assert from "node:assert/strict";
import { test } from "node:test";
import { Writer } from "./writer.ts";

test("Writer.close() puts the size before a part of any size", () => {
	for (const [size, prefix] of [
		[0, "00"],
		[63, "3f"],
		[64, "4040"],
		[16_383, "7fff"],
		[16_384, "80004000"],
	] as const) {
		const writer = new Writer(1).u8(0xaa);
		const mark = writer.open();
		writer.bytes(new Uint8Array(size).fill(7));
		const bytes = writer.close(mark).finish();
		assert.equal(Buffer.from(bytes.subarray(0, bytes.length - size)).toString("hex"), `aa${prefix}`);
		assert.ok(bytes.subarray(bytes.length - size).every((byte) => byte === 7));
	}
});

test("Writer.close() nests", () => {
	const writer = new Writer();
	const outer = writer.open();
	writer.u8(1).string("x".repeat(70));
	assert.equal(writer.close(outer).length, 2 + 1 + 2 + 70);
	assert.equal(Buffer.from(writer.finish().subarray(0, 5)).toString("hex"), "4049014046");
});

test("Writer rejects numbers out of range", () => {
	const writer = new Writer();
	for (const value of [-1, 256, 0.5, Number.NaN]) assert.throws(() => writer.u8(value), RangeError);
	for (const value of [-1, 65_536, 0.5]) assert.throws(() => writer.u16(value), RangeError);
	assert.throws(() => writer.varint(-1), RangeError);
	assert.equal(writer.length, 0);
});
