import assert from "node:assert/strict";
import { test } from "node:test";
import { Tape } from "@moq-relay/core";
import { encodeFrameHeader } from "@moq-relay/wire";
import { PayloadReader } from "./payload-reader.ts";

/** Three frames: "abc", nothing, "defgh". */
const BODY = Buffer.concat(
	["abc", "", "defgh"].flatMap((text) => [
		encodeFrameHeader({ size: text.length, timestampDelta: 0 }, "lite-05"),
		Buffer.from(text),
	]),
);

function readAll(reader: PayloadReader): string {
	let text = "";
	for (let piece = reader.next(); piece !== undefined; piece = reader.next()) text += Buffer.from(piece).toString();
	return text;
}

test("PayloadReader.next() gives the payloads in order, wherever the tape's chunks are cut", () => {
	for (let first = 0; first <= BODY.length; first++) {
		for (let second = first; second <= BODY.length; second++) {
			const tape = new Tape("lite-05");
			for (const [from, to] of [
				[0, first],
				[first, second],
				[second, BODY.length],
			]) {
				tape.append(new Uint8Array(BODY.subarray(from, to)));
			}
			assert.equal(readAll(new PayloadReader(tape)), "abcdefgh", `cut at ${first} and ${second}`);
		}
	}
});

test("PayloadReader.next() goes on with what is appended later, and stops with a tape that is evicted", () => {
	const tape = new Tape("lite-05");
	const reader = new PayloadReader(tape);
	assert.equal(reader.next(), undefined);
	tape.append(new Uint8Array(BODY.subarray(0, 4)));
	assert.equal(readAll(reader), "ab");
	tape.append(new Uint8Array(BODY.subarray(4)));
	assert.equal(Buffer.from(reader.next() ?? []).toString(), "c");
	tape.evict();
	assert.equal(readAll(reader), "defgh", "the chunk that is being read is held");
	assert.equal(reader.next(), undefined);
});
