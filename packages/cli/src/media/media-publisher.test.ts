import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, type Frame, LocalBroadcast, Origin, readGroup } from "@moq-relay/core";
import { VirtualClock } from "@moq-relay/testkit";
import { Cursor } from "@moq-relay/wire";
import { catalogFrom } from "./catalog.ts";
import { CLIP, clipInput, drive, inputOf, packetsOf } from "./fixture.test.ts";
import { MEDIA_EPOCH_MS } from "./media-clock.ts";
import { MediaError } from "./media-error.ts";
import { type MediaInput, type MediaPacket, openMedia } from "./media-input.ts";
import { MediaPublisher } from "./media-publisher.ts";

test("MediaPublisher sends every packet of the clip once, in decode order, and ends its tracks", async () => {
	const { seen, publisher, clock } = await published({ open: await clip() });
	const packets = await packetsOf(CLIP);
	for (const name of ["video0", "audio0"]) {
		const sent = (seen.get(name)?.frames ?? []).map((frame) => unpack(frame).data);
		assert.deepEqual(
			sent,
			(packets.get(name) ?? []).map(({ data }) => data),
			name,
		);
		assert.ok(seen.get(name)?.hasEnded, `${name} has ended`);
	}
	assert.equal(publisher.totals.packets, 801);
	// At the speed it plays.
	assert.ok(clock.nowMs() > 9900 && clock.nowMs() < 10_100, `${clock.nowMs()} ms`);
});

test("MediaPublisher names each track in the catalog as hang wants it", async () => {
	const { seen } = await published({ open: await clip() });
	const [frame] = seen.get("catalog.json")?.frames ?? [];
	const { video, audio } = catalogFrom(JSON.parse(new TextDecoder().decode(frame?.payload)));
	const { codec, container, codedWidth, framerate, description } = video?.renditions["video0"] ?? {};
	assert.deepEqual({ codec, container, codedWidth, framerate }, VIDEO);
	assert.match(description ?? "", /^0142c01f/);
	assert.deepEqual(audio?.renditions["audio0"]?.numberOfChannels, 2);
});

test("MediaPublisher puts the time of the frame into frame and payload alike, in microseconds since 2020", async () => {
	const { seen } = await published({ open: await clip() });
	const frames = seen.get("video0")?.frames ?? [];
	for (const frame of frames) assert.equal(unpack(frame).timestampUs, frame.timestamp);
	const wallUs = (new VirtualClock().wallMs() - MEDIA_EPOCH_MS) * 1000;
	assert.ok(Math.abs((frames[0]?.timestamp ?? 0) - wallUs) < 50_000);
	const times = (await packetsOf(CLIP)).get("video0")?.map(({ timestampUs }) => timestampUs) ?? [];
	assert.deepEqual(
		frames.map(({ timestamp }) => timestamp - (frames[0]?.timestamp ?? 0)),
		times.map((time) => time - (times[0] ?? 0)),
	);
});

test("MediaPublisher begins a group with each key frame of a video, and every half second of a sound", async () => {
	const { seen } = await published({ open: await clip() });
	const keys = (await packetsOf(CLIP)).get("video0")?.filter(({ key }) => key).length;
	assert.equal(seen.get("video0")?.groups, keys);
	assert.equal(seen.get("audio0")?.groups, 21);
});

test("MediaPublisher loops with timestamps that go on and never back", async () => {
	const stop = new AbortController();
	const { seen } = await published({
		open: await clip(),
		loop: true,
		signal: stop.signal,
		untilMs: 35_000,
		stop: () => stop.abort(),
	});
	for (const [name, stepUs] of [
		["video0", 33_400],
		["audio0", 20_000],
	] as const) {
		const times = (seen.get(name)?.frames ?? []).map(({ timestamp }) => timestamp);
		const spanUs = (times.at(-1) ?? 0) - (times[0] ?? 0);
		assert.ok(spanUs > 34_000_000, `${name} spans ${spanUs}`);
		for (const [at, time] of times.slice(1).entries()) {
			const step = time - (times[at] ?? 0);
			assert.ok(step > 0 && step <= stepUs + 25_000, `${name}: a step of ${step} at ${at}`);
		}
	}
});

test("MediaPublisher announces only when its tracks exist", async () => {
	const { tracksAtBegin } = await published({ open: async () => inputOf({ video: SHORT }) });
	assert.deepEqual(tracksAtBegin, ["catalog.json", "video0"]);
});

test("MediaPublisher leaves out what comes before the first key frame", async () => {
	const cut = SHORT.map((packet, at) => ({ ...packet, key: at === 2 }));
	const { seen, publisher } = await published({ open: async () => inputOf({ video: cut }) });
	assert.equal(seen.get("video0")?.frames.length, cut.length - 2);
	assert.equal(publisher.totals.packets, cut.length - 2);
});

test("MediaPublisher waits for no track that has nothing", async () => {
	const { seen } = await published({ open: async () => inputOf({ video: SHORT, audio: [] }) });
	assert.equal(seen.get("video0")?.frames.length, SHORT.length);
});

test("MediaPublisher throws a MediaError for an input without a packet, looping or not", async () => {
	for (const loop of [false, true]) {
		await assert.rejects(published({ open: async () => inputOf({ video: [] }), loop }), MediaError);
	}
});

test("MediaPublisher sends what was good before an input broke, then throws", async () => {
	const broken: MediaInput = {
		tracks: [{ ...(inputOf({ video: SHORT }).tracks[0] as MediaInput["tracks"][0]), packets: () => breaking() }],
		close: () => {},
	};
	const log: string[] = [];
	await assert.rejects(
		published({ open: async () => broken, onFrame: (name) => void log.push(name) }),
		/the input broke/,
	);
	assert.equal(log.filter((name) => name === "video0").length, 2);
});

test("openMedia() says in one sentence what is wrong", async () => {
	await assert.rejects(openMedia("/nowhere/clip.mp4"), {
		message: "/nowhere/clip.mp4 can't be read: there is no such file",
	});
	await assert.rejects(openMedia("/"), { message: "/ can't be read: it is a folder" });
	await assert.rejects(
		openMedia(import.meta.filename),
		/is not an MP4, QuickTime, Matroska or WebM file, or it is damaged$/,
	);
});

/** Opens the clip, which is read before. */
async function clip(): Promise<() => Promise<MediaInput>> {
	const input = await clipInput();
	return async () => input;
}

interface Seen {
	readonly frames: Frame[];
	groups: number;
	hasEnded: boolean;
}

interface Setup {
	readonly open: () => Promise<MediaInput>;
	readonly loop?: boolean;
	readonly signal?: AbortSignal;
	/** Virtual time at which `stop` is called. */
	readonly untilMs?: number;
	readonly stop?: () => void;
	readonly onFrame?: (track: string) => void;
}

/** Publish on a routing table of our own, with a viewer on every track. */
async function published(setup: Setup): Promise<{
	seen: Map<string, Seen>;
	publisher: MediaPublisher;
	clock: VirtualClock;
	tracksAtBegin: string[];
}> {
	const clock = new VirtualClock();
	const origin = new Origin({ clock, id: 1 });
	const broadcast = new LocalBroadcast();
	const seen = new Map<string, Seen>();
	const tracksAtBegin: string[] = [];
	if (setup.untilMs !== undefined) clock.after(setup.untilMs, () => setup.stop?.());
	const publisher = new MediaPublisher({
		open: setup.open,
		loop: setup.loop ?? false,
		broadcast,
		clock: clock satisfies Clock,
		signal: setup.signal ?? new AbortController().signal,
		onBegin: () => {
			origin.announce("clip.hang", { hops: [], cost: 0 }, broadcast);
			for (const name of ["catalog.json", "video0", "audio0"]) {
				const found = view(origin, name, setup.onFrame);
				if (found === undefined) continue;
				tracksAtBegin.push(name);
				seen.set(name, found);
			}
		},
	});
	await drive(clock, publisher.run());
	return { seen, publisher, clock, tracksAtBegin };
}

function view(origin: Origin, track: string, onFrame: (track: string) => void = () => {}): Seen | undefined {
	const seen: Seen = { frames: [], groups: 0, hasEnded: false };
	let isThere = true;
	const request = { priority: 0, ordered: true, latencyMs: 5000, startGroup: 0, endGroup: undefined };
	origin.broadcast("clip.hang")?.subscribe(track, request, {
		onInfo: () => {},
		onGroup: (group) => {
			seen.groups += 1;
			readGroup(group, {
				onFrame: (frame) => {
					seen.frames.push(frame);
					onFrame(track);
				},
				onEnd: () => {},
				onAbort: (code) => assert.fail(`group aborted with ${code}`),
			});
		},
		onDatagram: () => {},
		onDropped: () => {},
		onEnd: () => {
			seen.hasEnded = true;
		},
		onError: () => {
			isThere = false;
		},
	});
	return isThere ? seen : undefined;
}

function unpack(frame: Frame): { readonly timestampUs: number; readonly data: Uint8Array } {
	const cursor = new Cursor(frame.payload);
	return { timestampUs: cursor.varint(), data: Uint8Array.from(cursor.rest()) };
}

async function* breaking(): AsyncIterable<MediaPacket> {
	yield* SHORT.slice(0, 2);
	throw new MediaError("the input broke");
}

const VIDEO = { codec: "avc1.42c01f", container: { kind: "legacy" }, codedWidth: 640, framerate: 30 };

/** Half a second of picture, one group. */
const SHORT: readonly MediaPacket[] = Array.from({ length: 15 }, (_, at) => ({
	timestampUs: at * 33_333,
	durationUs: 33_333,
	key: at === 0,
	data: Uint8Array.of(at, at),
}));
