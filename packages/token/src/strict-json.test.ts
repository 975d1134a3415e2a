import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseStrictObject } from "./strict-json.ts";
import { TokenError } from "./token-error.ts";

const encode = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url");
const malformed = (error: unknown): boolean => error instanceof TokenError && error.reason === "malformed";

test("parseStrictObject() reads any object that JSON can hold", () => {
	fc.assert(
		fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (value) => {
			const json = JSON.stringify(value);
			assert.deepEqual(parseStrictObject(encode(json), "payload"), JSON.parse(json));
			assert.deepEqual(parseStrictObject(encode(JSON.stringify(value, undefined, 1)), "payload"), JSON.parse(json));
		}),
	);
});

test("parseStrictObject() refuses a key given twice, at any depth and however it is escaped", () => {
	for (const json of [
		'{"a":1,"a":1}',
		'{"a":1,"b":2,"a":3}',
		'{"a":1,"\\u0061":2}',
		'{"x":{"a":1,"a":2}}',
		'{"x":[1,{"a":1,"a":2}]}',
		'{"a" : 1 , "a" : 2}',
		'{"__proto__":1,"__proto__":2}',
	]) {
		assert.throws(() => parseStrictObject(encode(json), "payload"), malformed, json);
	}
	for (const json of ['{"a":"a","b":"a"}', '{"a":{"a":1},"b":[{"a":1},{"a":2}]}', '{"a":"\\"a\\":1","b":"{\\"a\\""}']) {
		assert.deepEqual(parseStrictObject(encode(json), "payload"), JSON.parse(json));
	}
});

test("parseStrictObject() refuses what is no object in UTF-8", () => {
	for (const part of [encode("[]"), encode("null"), encode("1"), encode(""), encode("{"), "%%%", encode("\ufeff{}")]) {
		assert.throws(() => parseStrictObject(part, "payload"), malformed);
	}
	assert.throws(
		() => parseStrictObject(encode(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), "x"),
		malformed,
	);
});
