import { test } from "node:test";
import fc from "fast-check";
import { parsePath } from "../path.ts";
import { checkCodec, paths, tracks } from "./codec-suite.test.ts";
import { decodeTrack, encodeTrack, type Track } from "./track.ts";

test("Track", () => {
	checkCodec<Track>({
		encode: encodeTrack,
		decode: decodeTrack,
		messages: fc.record({ broadcast: paths, track: tracks }),
		vectors: [
			["16086262622e68616e670c636174616c6f672e6a736f6e", { broadcast: parsePath("bbb.hang"), track: "catalog.json" }],
		],
	});
});
