import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatByteCount, parseSize } from "./size.ts";

test("parseSize() reads bytes, units and shares", () => {
	assert.deepEqual(parseSize("8GiB"), { bytes: 8 * 1024 ** 3 });
	assert.deepEqual(parseSize("500 MB"), { bytes: 500_000_000 });
	assert.deepEqual(parseSize("1.5kib"), { bytes: 1536 });
	assert.deepEqual(parseSize("1024"), { bytes: 1024 });
	assert.deepEqual(parseSize("75%"), { percent: 75 });
});

test("parseSize() refuses what is no size", () => {
	for (const text of ["", "GiB", "-1", "101%", "5 parsecs", "1,5MB", "9999999TiB"])
		assert.equal(parseSize(text), undefined, text);
});

test("formatByteCount() is what parseSize() reads", () => {
	fc.assert(fc.property(fc.nat(), (bytes) => assert.deepEqual(parseSize(formatByteCount(bytes)), { bytes })));
	assert.deepEqual([0, 1000, 2048, 32 * 1024 ** 2].map(formatByteCount), ["0", "1000", "2KiB", "32MiB"]);
});
