import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrameHeader, unzigzag, zigzag } from "./frame-header.ts";

test("encodeFrameHeader() agrees with captured frames", () => {
	const hex = (size: number, timestampDelta: number) =>
		Buffer.from(encodeFrameHeader({ size, timestampDelta }, "lite-05")).toString("hex");
	assert.equal(hex(5, 1000), "47d005");
	assert.equal(hex(6, 2000), "4fa006");
	assert.equal(hex(0, -1), "0100");
	assert.equal(Buffer.from(encodeFrameHeader({ size: 300, timestampDelta: 7 }, "lite-01")).toString("hex"), "412c");
});

test("encodeFrameHeader() rejects fractions and negative sizes", () => {
	assert.throws(() => encodeFrameHeader({ size: 1, timestampDelta: 0.5 }, "lite-05"), RangeError);
	assert.throws(() => encodeFrameHeader({ size: -1, timestampDelta: 0 }, "lite-01"), RangeError);
});

test("unzigzag() inverts zigzag()", () => {
	for (const [delta, value] of [
		[0, 0],
		[-1, 1],
		[1, 2],
		[-2, 3],
		[2 ** 60, 2n ** 61n],
		[-(2 ** 60), 2n ** 61n - 1n],
	] as const) {
		assert.equal(zigzag(delta), value);
		assert.equal(unzigzag(value), delta);
	}
	fc.assert(fc.property(fc.maxSafeInteger(), (delta) => unzigzag(zigzag(delta)) === delta));
});
