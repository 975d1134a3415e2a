import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";
import { type Codec, checkCodec } from "./codec-suite.test.ts";

const good: Codec<number> = {
	encode: (message) => new Writer().varint(1).u8(message).finish(),
	decode: (body) => {
		const cursor = new Cursor(body);
		const value = cursor.u8();
		cursor.end();
		return value;
	},
	messages: fc.nat(255),
	vectors: [["0107", 7]],
};

test("checkCodec() passes a good codec", () => checkCodec(good));

test("checkCodec() fails a wrong vector", () => {
	assert.throws(() => checkCodec({ ...good, vectors: [["0108", 7]] }));
});

test("checkCodec() fails a decoder that ignores trailing bytes", () => {
	assert.throws(() => checkCodec({ ...good, decode: (body) => new Cursor(body).u8() }), caused(/a trailing byte/));
});

test("checkCodec() fails a decoder that takes truncations", () => {
	const decode = (body: Uint8Array) => (body.length === 0 ? 0 : good.decode(body));
	assert.throws(() => checkCodec({ ...good, decode }), caused(/cut at 0/));
});

test("checkCodec() fails a decoder that throws anything else", () => {
	const decode = (body: Uint8Array) => {
		if (body.length > 2) throw new RangeError("invalid array length");
		return good.decode(body);
	};
	assert.throws(() => checkCodec({ ...good, decode }));
});

/** fast-check wraps what a property threw. */
function caused(pattern: RegExp): (thrown: unknown) => boolean {
	return (thrown) => thrown instanceof Error && thrown.cause instanceof Error && pattern.test(thrown.cause.message);
}
