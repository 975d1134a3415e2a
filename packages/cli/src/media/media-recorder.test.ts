import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENCE_US_MAX } from "../limits.ts";
import type { MediaSample } from "./container.ts";
import { assertSamePackets, CLIP, MemoryOutput, packetsOf, reread } from "./fixture.test.ts";
import { MediaError } from "./media-error.ts";
import { type MediaPacket, openMedia } from "./media-input.ts";
import { MediaRecorder } from "./media-recorder.ts";
import type { Choice } from "./rendition-choice.ts";
import { Timeline } from "./timeline.ts";

test("MediaRecorder writes every packet of the clip into an MP4 that reads back the same", async () => {
	const packets = await packetsOf(CLIP);
	const file = await record(await choiceOf(CLIP), (recorder) => {
		for (const { kind, packet } of interleaved(packets)) recorder.add(kind, packet);
	});
	const found = await reread(file.bytes);
	assertSamePackets(found.get("video"), packets.get("video0") ?? []);
	assertSamePackets(found.get("audio"), packets.get("audio0") ?? []);
});

test("MediaRecorder keeps picture and sound together, and begins at 0", async () => {
	const packets = await packetsOf(CLIP);
	const file = await record(await choiceOf(CLIP), (recorder) => {
		for (const { kind, packet } of interleaved(packets)) recorder.add(kind, shifted(packet, 1_000_000_000));
	});
	const found = await reread(file.bytes);
	assert.equal(found.get("audio")?.[0]?.timestampUs, 0);
	assert.ok(Math.abs((found.get("video")?.[0]?.timestampUs ?? 0) - 6500) < 100);
});

test("MediaRecorder keeps pictures that are shown in another order than they are decoded", async () => {
	const times = [0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9];
	const pictures = times.map((time, at) => picture({ ms: time * 40, key: at === 0 || at === 7 }));
	const file = await record(ONLY_VIDEO, (recorder) => {
		for (const sample of pictures) recorder.add("video", sample);
	});
	const found = (await reread(file.bytes)).get("video") ?? [];
	assert.deepEqual(
		found.map(({ timestampUs, data }) => [Math.round(timestampUs / 1000), data[0]]),
		pictures.map(({ timestampUs, data }) => [timestampUs / 1000, data[0]]),
	);
});

test("MediaRecorder leaves out what can't be decoded or shown in its place", async () => {
	const file = await record(ONLY_VIDEO, (recorder) => {
		recorder.add("video", picture({ ms: 0, key: false, mark: 1 })); // no key frame before it
		recorder.add("video", picture({ ms: 40, key: true, mark: 2 }));
		recorder.add("video", picture({ ms: 80, key: false, mark: 3 }));
		recorder.add("video", picture({ ms: 40, key: true, mark: 4 })); // a group that was written already
		recorder.add("video", picture({ ms: 60, key: false, mark: 5 }));
		recorder.add("video", picture({ ms: 120, key: true, mark: 6 }));
		recorder.add("video", picture({ ms: 80, key: false, mark: 7 })); // before the group before
	});
	const found = (await reread(file.bytes)).get("video") ?? [];
	assert.deepEqual(
		found.map(({ data }) => data[0]),
		[2, 3, 6],
	);
});

test("MediaRecorder goes on in the same file when another publisher follows, from its next key frame", async () => {
	const file = await record(ONLY_VIDEO, (recorder) => {
		recorder.add("video", picture({ ms: 500_000, key: true, mark: 1 }));
		recorder.add("video", picture({ ms: 500_040, key: false, mark: 2 }));
		recorder.restart();
		recorder.add("video", picture({ ms: 40, key: false, mark: 3 }));
		recorder.add("video", picture({ ms: 80, key: true, mark: 4 }));
		recorder.add("video", picture({ ms: 120, key: false, mark: 5 }));
	});
	const found = (await reread(file.bytes)).get("video") ?? [];
	assert.deepEqual(
		found.map(({ data }) => data[0]),
		[1, 2, 4, 5],
	);
	const times = found.map(({ timestampUs }) => Math.round(timestampUs / 1000));
	assert.deepEqual(times.slice(0, 2), [0, 40]);
	assert.ok((times[2] ?? 0) > 40 && (times[2] ?? 0) < 1000, String(times));
});

test("MediaRecorder closes a track that has fallen silent, and writes the other one on", async () => {
	const written: number[] = [];
	const output = new MemoryOutput();
	const recorder = new MediaRecorder(BOTH, async (bytes) => {
		written.push(bytes.byteLength);
		await output.write(bytes);
	});
	recorder.add("audio", sound(0));
	const frames = (2 * SILENCE_US_MAX) / 40_000;
	for (let at = 0; at < frames; at++) recorder.add("video", picture({ ms: at * 40, key: at % 25 === 0 }));
	await recorder.finish();
	const found = await reread(output.bytes);
	assert.equal(found.get("video")?.length, frames);
	assert.equal(found.get("audio")?.length, 1);
	assert.ok(written.length > 10, "it was written while it grew");
});

test("MediaRecorder begins without a track of which nothing comes", async () => {
	const file = await record(BOTH, (recorder) => {
		for (let at = 0; at < 400; at++) recorder.add("video", picture({ ms: at * 40, key: at % 25 === 0 }));
	});
	assert.equal((await reread(file.bytes)).get("video")?.length, 400);
});

test("MediaRecorder writes nothing when nothing came", async () => {
	const file = await record(BOTH, () => {});
	assert.equal(file.bytes.byteLength, 0);
});

test("MediaRecorder tells what a write failed with", async () => {
	const recorder = new MediaRecorder(ONLY_VIDEO, async () => {
		throw new RangeError("full");
	});
	for (let at = 0; at < 100; at++) recorder.add("video", picture({ ms: at * 40, key: at % 25 === 0 }));
	await assert.rejects(recorder.finish(), { message: "full" });
	assert.equal(recorder.failure?.message, "full");
});

test("MediaRecorder refuses codecs that MP4 has no place for", () => {
	const container = { kind: "legacy" } as const;
	const choice: Choice = { video: { track: "v", rendition: { codec: "theora", container } } };
	assert.throws(() => new MediaRecorder(choice, async () => {}), MediaError);
	const pcm = { codec: "pcm", container, sampleRate: 48_000, numberOfChannels: 2 };
	assert.throws(() => new MediaRecorder({ audio: { track: "a", rendition: pcm } }, async () => {}), MediaError);
});

test("Timeline keeps a gap that time explains, and closes one that it does not", () => {
	const timeline = new Timeline();
	assert.equal(timeline.map(5_000_000), 0);
	assert.equal(timeline.map(6_000_000), 1_000_000);
	timeline.restart();
	assert.equal(timeline.map(9_000_000), 4_000_000, "three seconds passed");
	timeline.restart();
	assert.equal(timeline.map(100), 4_040_000, "another clock, begun anew");
	assert.equal(timeline.map(40_100), 4_080_000);
	timeline.restart();
	assert.equal(timeline.map(50_000_000_000), 4_120_000, "another clock, far ahead");
});

test("Timeline.restart() before the first time changes nothing", () => {
	const timeline = new Timeline();
	timeline.restart();
	assert.equal(timeline.map(77), 0);
	assert.equal(timeline.map(78), 1);
});

async function record(choice: Choice, add: (recorder: MediaRecorder) => void): Promise<MemoryOutput> {
	const output = new MemoryOutput();
	const recorder = new MediaRecorder(choice, (bytes) => output.write(bytes));
	add(recorder);
	await recorder.finish();
	return output;
}

async function choiceOf(path: string): Promise<Choice> {
	const input = await openMedia(path);
	let choice: Choice = {};
	for (const { name, description } of input.tracks) {
		if (description.kind === "video") choice = { ...choice, video: { track: name, rendition: description.rendition } };
		else choice = { ...choice, audio: { track: name, rendition: description.rendition } };
	}
	input.close();
	return choice;
}

/** As they come from a relay: by time, the two tracks in turns. */
function interleaved(packets: ReadonlyMap<string, readonly MediaPacket[]>) {
	const of = (kind: "video" | "audio") => (packets.get(`${kind}0`) ?? []).map((packet) => ({ kind, packet }) as const);
	return [...of("video"), ...of("audio")].toSorted((a, b) => a.packet.timestampUs - b.packet.timestampUs);
}

function shifted(packet: MediaPacket, us: number): MediaSample {
	return { ...packet, timestampUs: packet.timestampUs + us };
}

function picture({ ms, key, mark = 0 }: { ms: number; key: boolean; mark?: number }): MediaSample {
	return { timestampUs: ms * 1000, key, data: Uint8Array.of(mark, 1, 2, 3) };
}

function sound(ms: number): MediaSample {
	return { timestampUs: ms * 1000, key: true, data: Uint8Array.of(0xfc, 0xff, 0xfe) };
}

const CONTAINER = { kind: "legacy" } as const;

const VIDEO = {
	track: "video0",
	rendition: { codec: "vp09.00.10.08", container: CONTAINER, codedWidth: 320, codedHeight: 180 },
};

const AUDIO = {
	track: "audio0",
	rendition: { codec: "opus", container: CONTAINER, sampleRate: 48_000, numberOfChannels: 2 },
};

const ONLY_VIDEO: Choice = { video: VIDEO };
const BOTH: Choice = { video: VIDEO, audio: AUDIO };
