import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "./malformed.ts";
import { decodeUtf8, encodeUtf8, utf8Length } from "./utf8.ts";

test("decodeUtf8() inverts encodeUtf8(), and utf8Length() tells its length", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			const bytes = encodeUtf8(text);
			assert.equal(decodeUtf8(bytes), text);
			assert.equal(utf8Length(text), bytes.length);
		}),
	);
	assert.equal(decodeUtf8(encodeUtf8("\ufeffx")), "\ufeffx");
});

test("decodeUtf8() rejects what is not UTF-8", () => {
	for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
		assert.throws(() => decodeUtf8(new Uint8Array(bytes)), Malformed);
	}
});
