import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code, formatCode, fromHttp3Code, plainCode, toHttp3Code } from "./codes.ts";

test("toHttp3Code() maps as WebTransport says", () => {
	assert.equal(toHttp3Code(0), 0x52e4_a40f_a8db);
	assert.equal(toHttp3Code(0x1d), 0x52e4_a40f_a8db + 0x1d);
	assert.equal(toHttp3Code(0x1e), 0x52e4_a40f_a8db + 0x1f);
	assert.equal(toHttp3Code(0xffff_ffff), 0x52e5_ac98_3162);
	for (const code of [-1, 0.5, 2 ** 32]) assert.throws(() => toHttp3Code(code), RangeError);
});

test("fromHttp3Code() inverts toHttp3Code() and knows foreign codes", () => {
	fc.assert(fc.property(fc.nat(0xffff_ffff), (code) => fromHttp3Code(toHttp3Code(code)) === code));
	assert.equal(fromHttp3Code(0x52e4_a40f_a8db + 0x1e), undefined);
	assert.equal(fromHttp3Code(0x52e4_a40f_a8da), undefined);
	assert.equal(fromHttp3Code(0x52e5_ac98_3163), undefined);
	assert.equal(fromHttp3Code(0x10c), undefined);
});

test("toHttp3Code() never yields a code that HTTP/3 reserves", () => {
	fc.assert(fc.property(fc.nat(0xffff_ffff), (code) => (toHttp3Code(code) - 0x21) % 0x1f !== 0));
});

test("plainCode() understands both forms", () => {
	assert.equal(plainCode(Code.NotFound), Code.NotFound);
	assert.equal(plainCode(toHttp3Code(Code.NotFound)), Code.NotFound);
});

test("formatCode() names what it can", () => {
	assert.equal(formatCode(13), "NotFound");
	assert.equal(formatCode(67), "App(3)");
	assert.equal(formatCode(8), "Unknown(8)");
});
