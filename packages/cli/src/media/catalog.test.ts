import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, type Catalog, catalogFrom, encodeCatalog, hexOf } from "./catalog.ts";
import { MediaError } from "./media-error.ts";
import { mergePatch } from "./merge-patch.ts";
import { chooseRenditions } from "./rendition-choice.ts";

test("catalogFrom() reads what encodeCatalog() wrote", () => {
	assert.deepEqual(catalogFrom(JSON.parse(new TextDecoder().decode(encodeCatalog(CATALOG)))), CATALOG);
});

test("catalogFrom() reads a catalog of the reference's players", () => {
	const catalog = catalogFrom({
		video: {
			renditions: { video0: { codec: "avc1.42e01e", codedWidth: 1280, codedHeight: 720, optimizeForLatency: true } },
			display: { width: 1280, height: 720 },
		},
		audio: null,
		user: { name: "someone" },
	});
	const rendition = { codec: "avc1.42e01e", container: { kind: "legacy" }, codedWidth: 1280, codedHeight: 720 };
	assert.deepEqual(catalog, { video: { renditions: { video0: rendition } } });
});

test("catalogFrom() leaves out what can't be used, and keeps the rest", () => {
	const good = { codec: "opus", container: { kind: "loc" }, sampleRate: 48_000, numberOfChannels: 2 };
	const { audio, video } = catalogFrom({
		audio: {
			renditions: {
				good,
				here: { ...good, broadcast: "." },
				elsewhere: { ...good, broadcast: "../other" },
				unknown: { ...good, container: { kind: "new" } },
				initless: { ...good, container: { kind: "cmaf" } },
				silent: { ...good, sampleRate: 0 },
				codecless: { ...good, codec: 7 },
				odd: { ...good, description: "abc" },
				nothing: null,
			},
		},
		video: { renditions: { broken: { codec: "vp8", container: 3 } } },
	});
	assert.deepEqual(Object.keys(audio?.renditions ?? {}), ["good", "here"]);
	assert.equal(video, undefined);
});

test("catalogFrom() throws a MediaError for what is no catalog", () => {
	for (const value of [null, 3, "x", []]) assert.throws(() => catalogFrom(value), MediaError);
	assert.deepEqual(catalogFrom({}), {});
});

test("hexOf() and bytesOf() are inverse", () => {
	const bytes = Uint8Array.of(0, 1, 0x7f, 0xff);
	assert.equal(hexOf(bytes), "00017fff");
	assert.deepEqual(bytesOf("00017fff"), bytes);
});

test("mergePatch() follows the examples of RFC 7396", () => {
	const examples: readonly (readonly [unknown, unknown, unknown])[] = [
		[{ a: "b" }, { a: "c" }, { a: "c" }],
		[{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
		[{ a: "b" }, { a: null }, {}],
		[{ a: "b", b: "c" }, { a: null }, { b: "c" }],
		[{ a: ["b"] }, { a: "c" }, { a: "c" }],
		[{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
		[{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
		[{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
		[
			["a", "b"],
			["c", "d"],
			["c", "d"],
		],
		[{ a: "b" }, ["c"], ["c"]],
		[{ a: "foo" }, null, null],
		[{ a: "foo" }, "bar", "bar"],
		[{ e: null }, { a: 1 }, { e: null, a: 1 }],
		[[1, 2], { a: "b", c: null }, { a: "b" }],
		[{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
	];
	for (const [target, patch, result] of examples) assert.deepEqual(mergePatch(target, patch), result);
});

test("mergePatch() sets no prototype", () => {
	const merged = mergePatch({}, JSON.parse('{"__proto__": {"codec": "x"}}'));
	assert.equal(Object.getPrototypeOf(merged), Object.prototype);
});

test("chooseRenditions() takes the highest bitrate where all are known, else the largest picture", () => {
	const container = { kind: "legacy" } as const;
	const small = { codec: "vp8", container, codedWidth: 320, codedHeight: 180 };
	const large = { codec: "vp8", container, codedWidth: 1920, codedHeight: 1080 };
	const of = (renditions: NonNullable<Catalog["video"]>["renditions"]) =>
		chooseRenditions({ video: { renditions } }, ANY)?.video?.track;
	assert.equal(of({ small, large }), "large");
	assert.equal(of({ large, small }), "large");
	assert.equal(of({ small: { ...small, bitrate: 9 }, large: { ...large, bitrate: 5 } }), "small");
	assert.equal(of({ small: { ...small, bitrate: 9 }, large }), "large");
});

test("chooseRenditions() takes what is asked for, nothing for none, and says what there is", () => {
	const chosen = chooseRenditions(CATALOG, { video: "sd", audio: "none" });
	assert.deepEqual([chosen?.video?.track, chosen?.audio], ["sd", undefined]);
	assert.throws(
		() => chooseRenditions(CATALOG, { video: "8k", audio: undefined }),
		/the broadcast has no video "8k", only "hd", "sd"/,
	);
	assert.equal(chooseRenditions({}, ANY), undefined);
	assert.equal(chooseRenditions(CATALOG, { video: "none", audio: "none" }), undefined);
});

const ANY = { video: undefined, audio: undefined };

const CATALOG: Catalog = {
	video: {
		renditions: {
			hd: {
				codec: "avc1.64001f",
				container: { kind: "legacy" },
				codedWidth: 1280,
				codedHeight: 720,
				framerate: 29.97,
				bitrate: 2_000_000,
				description: "01640028",
			},
			sd: { codec: "av01.0.04M.08", container: { kind: "cmaf", init: "AAAA" } },
		},
	},
	audio: {
		renditions: {
			audio0: {
				codec: "mp4a.40.2",
				container: { kind: "loc" },
				sampleRate: 44_100,
				numberOfChannels: 2,
				description: "1210",
			},
		},
	},
};
