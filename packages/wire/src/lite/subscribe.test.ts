import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../codes.ts";
import { Malformed } from "../malformed.ts";
import { parsePath } from "../path.ts";
import { LITE_04, LITE_VERSIONS } from "../version.ts";
import { bytes, type Codec, checkCodec, optionals, paths, tracks, varints } from "./codec-suite.test.ts";
import { LATENCY_MS_DEFAULT, priorityOnly } from "./delivery.ts";
import { decodeSubscribe, encodeSubscribe, type Subscribe } from "./subscribe.ts";

const CATALOG = { id: 0, broadcast: parsePath("bbb.hang"), track: "catalog.json" };

const VECTORS: Codec<Subscribe>["vectors"] = [
	[
		"19050a726f6f6d2f616c69636505766964656f070140c80a412d",
		{
			id: 5,
			broadcast: parsePath("room/alice"),
			track: "video",
			priority: 7,
			ordered: true,
			latencyMs: 200,
			startGroup: 9,
			endGroup: 300,
		},
	],
	["0a00016101740000000000", { ...priorityOnly(0), id: 0, broadcast: parsePath("a"), track: "t", latencyMs: 0 }],
	["1c00086262622e68616e670c636174616c6f672e6a736f6e6400000000", { ...CATALOG, ...priorityOnly(100), latencyMs: 0 }],
];

const VECTORS_OLD: Codec<Subscribe>["vectors"] = [
	["1800086262622e68616e670c636174616c6f672e6a736f6e64", { ...CATALOG, ...priorityOnly(100) }],
];

for (const version of LITE_VERSIONS) {
	test(`Subscribe in ${version.name}`, () => {
		checkCodec<Subscribe>({
			encode: (message) => encodeSubscribe(message, version),
			decode: (body) => decodeSubscribe(body, version),
			messages: fc.record({
				id: varints,
				broadcast: paths,
				track: tracks,
				priority: bytes,
				ordered: fc.boolean(),
				latencyMs: varints,
				startGroup: optionals,
				endGroup: optionals,
			}),
			seen: (message) => (version.delivery ? message : { ...message, ...priorityOnly(message.priority) }),
			vectors: version.delivery ? VECTORS : VECTORS_OLD,
		});
	});
}

test("decodeSubscribe() takes missing fields to be unordered, 5000 ms, from the latest", () => {
	assert.deepEqual(priorityOnly(9), {
		priority: 9,
		ordered: false,
		latencyMs: LATENCY_MS_DEFAULT,
		startGroup: undefined,
		endGroup: undefined,
	});
	assert.equal(LATENCY_MS_DEFAULT, 5000);
});

test("decodeSubscribe() checks the length of names, and control characters in paths", () => {
	const subscribe = { id: 1, broadcast: parsePath("a"), track: "t", ...priorityOnly(0) };
	const decoded = (part: Partial<Subscribe>) => {
		const bytes = encodeSubscribe({ ...subscribe, ...part }, LITE_04);
		return decodeSubscribe(bytes.subarray(bytes.length > 64 ? 2 : 1), LITE_04);
	};
	const tooLong = (thrown: unknown) => thrown instanceof Malformed && thrown.code === Code.BoundsExceeded;
	assert.equal(decoded({ track: "t".repeat(1024) }).track.length, 1024);
	assert.throws(() => decoded({ track: "t".repeat(1025) }), tooLong);
	assert.throws(() => decoded({ broadcast: "b".repeat(1025) as Subscribe["broadcast"] }), tooLong);
	assert.throws(() => decoded({ broadcast: "b\0b" as Subscribe["broadcast"] }), Malformed);
	assert.equal(decoded({ broadcast: "/b//c/" as Subscribe["broadcast"] }).broadcast, "b/c");
});
