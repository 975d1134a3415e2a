import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LITE_03, LITE_04, LITE_05 } from "../version.ts";
import { checkCodec } from "./codec-suite.test.ts";
import { decodeProbe, encodeProbe, type Probe } from "./probe.ts";

const measures = fc.option(fc.integer({ min: 1, max: 2 ** 31 }), { nil: undefined });

for (const version of [LITE_03, LITE_04, LITE_05]) {
	test(`Probe in ${version.name}`, () => {
		checkCodec<Probe>({
			encode: (message) => encodeProbe(message, version),
			decode: (body) => decodeProbe(body, version),
			messages: fc.record({ bitrate: measures, rttMs: measures }),
			seen: (message) => (version.probeRtt ? message : { ...message, rttMs: undefined }),
			vectors: version.probeRtt
				? [["05800f424014", { bitrate: 1_000_000, rttMs: 20 }]]
				: [["04800f4240", { bitrate: 1_000_000, rttMs: undefined }]],
		});
	});
}

test("encodeProbe() keeps a measured 0 apart from unknown, and rounds", () => {
	const body = encodeProbe({ bitrate: 0, rttMs: 2.6 }, LITE_05).subarray(1);
	assert.deepEqual(decodeProbe(body, LITE_05), { bitrate: 1, rttMs: 3 });
});
