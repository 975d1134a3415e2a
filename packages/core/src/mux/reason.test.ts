import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { REASON_BYTES_MAX } from "../limits.ts";
import { cleanReason } from "./reason.ts";

test("cleanReason() keeps a plain text as it is", () => {
	assert.equal(cleanReason("no such broadcast: 日本"), "no such broadcast: 日本");
});

test("cleanReason() leaves no control characters and at most the bytes allowed", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
			const clean = cleanReason(text);
			assert.ok(Buffer.byteLength(clean) <= REASON_BYTES_MAX);
			assert.doesNotMatch(clean, /\p{Cc}/u);
			assert.ok(clean.isWellFormed());
		}),
	);
	assert.equal(cleanReason("a".repeat(2000)).length, REASON_BYTES_MAX);
	assert.equal(Buffer.byteLength(cleanReason("日".repeat(2000))), REASON_BYTES_MAX - (REASON_BYTES_MAX % 3));
	assert.equal(cleanReason("one\r\ntwo\u009b"), "one  two ");
});
