import assert from "node:assert/strict";
import { test } from "node:test";
import { Malformed, Writer } from "@moq-relay/wire";
import { EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output, StreamTarget } from "mediabunny";
import { bytesOf, hexOf } from "./catalog.ts";
import { unpackerOf } from "./container.ts";
import { CLIP, packetsOf } from "./fixture.test.ts";
import { FragmentReader } from "./fragment-reader.ts";
import { descriptionOfInit } from "./init-segment.ts";
import { boxesIn, viewOf } from "./iso-box.ts";
import { MediaError } from "./media-error.ts";
import { type MediaDescription, openMedia } from "./media-input.ts";

test("unpackerOf() legacy takes the timestamp off, and tells key frames by their place", () => {
	const unpack = unpackerOf({ kind: "legacy" });
	const frame = new Writer().varint(1_234_567_890_123).bytes(Uint8Array.of(7, 8)).finish();
	const sample = { timestampUs: 1_234_567_890_123, data: Uint8Array.of(7, 8) };
	assert.deepEqual(unpack(frame, { first: true, kind: "video" }), [{ ...sample, key: true }]);
	assert.deepEqual(unpack(frame, { first: false, kind: "video" }), [{ ...sample, key: false }]);
	assert.deepEqual(unpack(frame, { first: false, kind: "audio" }), [{ ...sample, key: true }]);
});

test("unpackerOf() yields nothing for an empty payload, which is a marker", () => {
	const place = { first: false, kind: "video" } as const;
	assert.deepEqual(unpackerOf({ kind: "legacy" })(new Writer().varint(5).finish(), place), []);
	assert.deepEqual(unpackerOf({ kind: "loc" })(loc([[0x06, 5]], []), place), []);
});

test("unpackerOf() loc reads timestamp and timescale and skips what it does not know", () => {
	const unpack = unpackerOf({ kind: "loc" });
	const place = { first: true, kind: "video" } as const;
	const times = (frame: Uint8Array) => unpack(frame, place).map(({ timestampUs }) => timestampUs);
	assert.deepEqual(times(loc([[0x06, 1_000_001]], [1])), [1_000_001]);
	assert.deepEqual(
		times(
			loc(
				[
					[0x06, 90_000],
					[0x08, 90_000],
				],
				[1],
			),
		),
		[1_000_000],
	);
	assert.deepEqual(
		times(
			loc(
				[
					[0x08, 1000],
					[0x0d, Uint8Array.of(1, 2, 3)],
					[0x10, 42],
				],
				[1],
			),
		),
		[42_000],
	);
	assert.deepEqual(unpack(loc([[0x06, 1]], [9, 9]), place)[0]?.data, Uint8Array.of(9, 9));
});

test("unpackerOf() throws a MediaError for every truncation of a header", () => {
	const place = { first: true, kind: "video" } as const;
	const legacy = new Writer().varint(1_234_567_890_123).finish();
	for (let end = 0; end < legacy.length; end++) {
		assert.throws(() => unpackerOf({ kind: "legacy" })(legacy.subarray(0, end), place), MediaError);
	}
	const properties: readonly Property[] = [
		[0x06, 70_000],
		[0x08, 90_000],
		[0x0d, Uint8Array.of(1, 2, 3)],
	];
	const whole = loc(properties, []);
	for (let end = 0; end < whole.length; end++) {
		assert.throws(() => unpackerOf({ kind: "loc" })(whole.subarray(0, end), place), MediaError);
	}
	assert.throws(() => unpackerOf({ kind: "loc" })(loc([[0x08, 1000]], [1]), place), MediaError, "no timestamp");
	assert.throws(
		() =>
			unpackerOf({ kind: "loc" })(
				loc(
					[
						[0x06, 1],
						[0x08, 0],
					],
					[1],
				),
				place,
			),
		MediaError,
		"a timescale of 0",
	);
});

test("FragmentReader reads every sample of a fragmented MP4, byte for byte", async () => {
	const { init, fragments } = await fragmented();
	const reader = new FragmentReader(init);
	const samples = fragments.flatMap((fragment) => [...reader.read(fragment)]);
	const expected = (await packetsOf(CLIP)).get("video0") ?? [];
	assert.ok(fragments.length > 3);
	assert.equal(samples.length, expected.length);
	for (const [at, packet] of expected.entries()) {
		const sample = samples[at];
		assert.equal(Buffer.compare(sample?.data ?? new Uint8Array(), packet.data), 0, `sample ${at}`);
		assert.equal(sample?.key, packet.key);
		assert.ok(Math.abs((sample?.timestampUs ?? 0) - packet.timestampUs) < 100, `sample ${at}`);
	}
});

test("FragmentReader throws for every truncation of a fragment, and a MediaError for those of an init segment", async () => {
	const { init, fragments } = await fragmented();
	const reader = new FragmentReader(init);
	const [fragment] = fragments;
	assert.ok(fragment !== undefined);
	const moof = boxesIn(viewOf(fragment))[1]?.start ?? 0;
	for (let end = 1; end < moof; end++) {
		assert.throws(() => reader.read(fragment.subarray(0, end)), Malformed, `cut at ${end}`);
	}
	for (let end = 0; end < init.length; end += 3) {
		assert.throws(() => new FragmentReader(init.subarray(0, end)), MediaError, `cut at ${end}`);
	}
});

test("FragmentReader never reads outside of what it was given, whatever the bytes say", async () => {
	const { init, fragments } = await fragmented();
	const reader = new FragmentReader(init);
	const moof = boxesIn(viewOf(fragments[0] ?? new Uint8Array()))[1]?.start ?? 0;
	for (let at = 0; at < moof; at++) {
		const broken = Uint8Array.from(fragments[0] ?? []);
		broken[at] = 0xff;
		try {
			for (const { data } of reader.read(broken)) assert.ok(data.byteOffset + data.byteLength <= broken.byteLength);
		} catch (thrown) {
			assert.ok(thrown instanceof Malformed, String(thrown));
		}
	}
});

test("descriptionOfInit() finds the decoder's description", async () => {
	const { init, description } = await fragmented();
	assert.equal(await descriptionOfInit(Buffer.from(init).toString("base64")), description);
	await assert.rejects(descriptionOfInit("AAAA"), MediaError);
});

type Property = readonly [number, number | Uint8Array];

function loc(properties: readonly Property[], payload: readonly number[]): Uint8Array {
	const block = new Writer();
	let before = 0;
	for (const [id, value] of properties) {
		block.varint(id - before);
		before = id;
		if (typeof value === "number") block.varint(value);
		else block.varint(value.byteLength).bytes(value);
	}
	const bytes = block.finish();
	return new Writer().varint(bytes.byteLength).bytes(bytes).bytes(Uint8Array.from(payload)).finish();
}

/** The clip's picture as CMAF: init segment, and fragments of a GOP each. */
async function fragmented(): Promise<{ init: Uint8Array; fragments: Uint8Array[]; description: string }> {
	const input = await openMedia(CLIP);
	const video = input.tracks.find((track) => track.description.kind === "video");
	assert.ok(video !== undefined && isVideo(video.description));
	const { codec, description = "", codedWidth = 0, codedHeight = 0 } = video.description.rendition;
	const chunks: Uint8Array[] = [];
	const output = new Output({
		format: new Mp4OutputFormat({ fastStart: "fragmented", minimumFragmentDuration: 0.1 }),
		target: new StreamTarget(new WritableStream({ write: ({ data }) => void chunks.push(data.slice()) })),
	});
	const source = new EncodedVideoPacketSource("avc");
	output.addVideoTrack(source);
	await output.start();
	const decoderConfig = { codec, codedWidth, codedHeight, description: bytesOf(description) };
	for await (const { data, key, timestampUs, durationUs } of video.packets()) {
		const packet = new EncodedPacket(data, key ? "key" : "delta", timestampUs / 1e6, durationUs / 1e6);
		await source.add(packet, { decoderConfig });
	}
	await output.finalize();
	input.close();
	const file = Uint8Array.from(Buffer.concat(chunks));
	const starts = boxesIn(viewOf(file))
		.filter(({ type }) => type === "moof" || type === "mfra")
		.map(({ start }) => start);
	const fragments = starts.slice(0, -1).map((start, at) => file.subarray(start, starts[at + 1]));
	assert.equal(hexOf(bytesOf(description)), description);
	return { init: file.subarray(0, starts[0]), fragments, description };
}

function isVideo(description: MediaDescription): description is MediaDescription & { kind: "video" } {
	return description.kind === "video";
}
