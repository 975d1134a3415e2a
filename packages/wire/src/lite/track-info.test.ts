import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { bytes, checkCodec, varints } from "./codec-suite.test.ts";
import { decodeTrackInfo, encodeTrackInfo, type TrackInfo } from "./track-info.ts";

const INFO: TrackInfo = { priority: 0, ordered: false, latencyMaxMs: 5000, timescale: 1_000_000 };

test("TrackInfo", () => {
	checkCodec<TrackInfo>({
		encode: encodeTrackInfo,
		decode: decodeTrackInfo,
		messages: fc.record({
			priority: bytes,
			ordered: fc.boolean(),
			latencyMaxMs: varints,
			timescale: varints.map((value) => Math.max(1, value)),
		}),
		vectors: [["0800005388800f4240", INFO]],
	});
});

test("TrackInfo has a timescale", () => {
	assert.throws(() => decodeTrackInfo(new Uint8Array([0, 0, 0, 0])), Malformed);
	assert.throws(() => encodeTrackInfo({ ...INFO, timescale: 0 }), RangeError);
});
