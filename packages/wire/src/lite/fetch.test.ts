import { test } from "node:test";
import fc from "fast-check";
import { parsePath } from "../path.ts";
import { bytes, checkCodec, paths, tracks, varints } from "./codec-suite.test.ts";
import { decodeFetch, encodeFetch, type Fetch } from "./fetch.ts";

test("Fetch", () => {
	checkCodec<Fetch>({
		encode: encodeFetch,
		decode: decodeFetch,
		messages: fc.record({ broadcast: paths, track: tracks, priority: bytes, group: varints }),
		vectors: [
			[
				"130a726f6f6d2f616c69636505766964656f0709",
				{ broadcast: parsePath("room/alice"), track: "video", priority: 7, group: 9 },
			],
			[
				"18086262622e68616e670c636174616c6f672e6a736f6e0001",
				{ broadcast: parsePath("bbb.hang"), track: "catalog.json", priority: 0, group: 1 },
			],
		],
	});
});
