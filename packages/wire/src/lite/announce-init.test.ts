import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { parsePath } from "../path.ts";
import { type AnnounceInit, decodeAnnounceInit, encodeAnnounceInit } from "./announce-init.ts";
import { checkCodec, paths } from "./codec-suite.test.ts";

test("AnnounceInit", () => {
	checkCodec<AnnounceInit>({
		encode: encodeAnnounceInit,
		decode: decodeAnnounceInit,
		messages: fc.record({ suffixes: fc.array(paths, { maxLength: 5 }) }),
		vectors: [
			["0a01086262622e68616e67", { suffixes: [parsePath("bbb.hang")] }],
			["0100", { suffixes: [] }],
		],
	});
});

test("decodeAnnounceInit() rejects a count that the body cannot hold, before it makes room", () => {
	assert.throws(() => decodeAnnounceInit(new Uint8Array([0xc0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0])), Malformed);
});
