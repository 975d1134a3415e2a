/** @module */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { difference, joinBytes, patternBytes, pieces } from "./bytes.ts";
import { SeededRandom } from "./seeded-random.ts";

test("patternBytes() repeats, and shows a lost, moved or foreign chunk", () => {
	const bytes = patternBytes(1, 10_000);
	assert.equal(difference(bytes, patternBytes(1, 10_000)), undefined);
	assert.notEqual(difference(bytes, patternBytes(2, 10_000)), undefined);
	assert.notEqual(difference(bytes.subarray(0, 5000), bytes.subarray(5000)), undefined);
});

test("pieces() and joinBytes() are inverse", () => {
	fc.assert(
		fc.property(
			fc.uint8Array({ maxLength: 300 }),
			fc.integer(),
			fc.integer({ min: 1, max: 50 }),
			(bytes, seed, most) => {
				const cut = pieces(bytes, new SeededRandom(seed), most);
				assert.deepEqual(joinBytes(cut), new Uint8Array(bytes));
				for (const piece of cut) assert.ok(piece.byteLength >= 1 && piece.byteLength <= most);
			},
		),
	);
});

test("difference() says where and how", () => {
	assert.equal(difference(new Uint8Array(3), new Uint8Array(4)), "3 bytes instead of 4");
	assert.equal(difference(new Uint8Array([1, 2]), new Uint8Array([1, 3])), "byte 1 of 2 is 2 instead of 3");
});
