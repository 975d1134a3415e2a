/**
 * What the tests of the media layer share: the shipped clip, time that never waits, and files in memory.
 * @module
 */
import assert from "node:assert/strict";
import { setImmediate as macrotask } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { VirtualClock } from "@moq-relay/testkit";
import { BufferSource, EncodedPacketSink, Input, MP4 } from "mediabunny";
import type { Output } from "../output.ts";
import type { MediaKind } from "./broadcast-viewer.ts";
import { type MediaInput, type MediaPacket, openMedia } from "./media-input.ts";

/** The clip that `npm start` publishes: 10 s of H.264 (300 frames, 30 a second) and Opus (501 packets). */
export const CLIP: string = fileURLToPath(new URL("../../../../examples/clip.mp4", import.meta.url));

/** All packets of an input, by track name. */
export async function packetsOf(path: string): Promise<Map<string, MediaPacket[]>> {
	const input = await openMedia(path);
	const found = new Map<string, MediaPacket[]>();
	for (const track of input.tracks) {
		const packets: MediaPacket[] = [];
		for await (const packet of track.packets()) packets.push(packet);
		found.set(track.name, packets);
	}
	input.close();
	return found;
}

/** The clip, in memory: reading it takes no turn of the event loop, so virtual time can't run ahead of it. */
export async function clipInput(): Promise<MediaInput> {
	const packets = await packetsOf(CLIP);
	const input = await openMedia(CLIP);
	input.close();
	return {
		tracks: input.tracks.map((track) => ({ ...track, packets: () => each(packets.get(track.name) ?? []) })),
		close: () => {},
	};
}

/** An input in memory, of one track or two. */
export function inputOf(tracks: {
	readonly video?: readonly MediaPacket[];
	readonly audio?: readonly MediaPacket[];
}): MediaInput {
	const { video, audio } = tracks;
	return {
		tracks: [
			...(video === undefined ? [] : [{ name: "video0", description: VIDEO, packets: () => each(video) }]),
			...(audio === undefined ? [] : [{ name: "audio0", description: AUDIO, packets: () => each(audio) }]),
		],
		close: () => {},
	};
}

/** Run virtual time until the work is done: every timer at once, what awaits before the next one. */
export async function drive<Result>(clock: VirtualClock, work: Promise<Result>): Promise<Result> {
	let isOver = false;
	const done = work.finally(() => {
		isOver = true;
	});
	done.catch(() => undefined); // awaited below
	for (let turns = 0; !isOver; turns++) {
		assert.ok(turns < 200_000, "livelock");
		await macrotask();
		if (!isOver) clock.step();
	}
	return done;
}

/** A file in memory. */
export class MemoryOutput implements Output {
	readonly chunks: Uint8Array[] = [];
	isClosed = false;

	async write(bytes: Uint8Array): Promise<void> {
		this.chunks.push(bytes.slice());
	}

	async close(): Promise<void> {
		this.isClosed = true;
	}

	get bytes(): Uint8Array<ArrayBuffer> {
		return new Uint8Array(Buffer.concat(this.chunks));
	}
}

/** What is in an MP4: each packet of each kind, in decode order. */
export async function reread(bytes: Uint8Array<ArrayBuffer>): Promise<Map<MediaKind, MediaPacket[]>> {
	const input = new Input({ source: new BufferSource(bytes), formats: [MP4] });
	const found = new Map<MediaKind, MediaPacket[]>();
	for (const track of await input.getTracks()) {
		assert.ok(track.type === "video" || track.type === "audio");
		const packets: MediaPacket[] = [];
		for await (const packet of new EncodedPacketSink(track).packets()) {
			packets.push({
				timestampUs: packet.microsecondTimestamp,
				durationUs: packet.microsecondDuration,
				key: packet.type === "key",
				data: packet.data,
			});
		}
		found.set(track.type, packets);
	}
	input.dispose();
	return found;
}

/** Assert that packets are the same bytes, and as far apart as those of the source (to the time unit of the file). */
export function assertSamePackets(actual: readonly MediaPacket[] | undefined, expected: readonly MediaPacket[]): void {
	assert.equal(actual?.length, expected.length);
	const shiftUs = (actual?.[0]?.timestampUs ?? 0) - (expected[0]?.timestampUs ?? 0);
	for (const [at, packet] of expected.entries()) {
		const found: MediaPacket | undefined = actual?.[at];
		assert.ok(found !== undefined && Buffer.compare(found.data, packet.data) === 0, `packet ${at} differs`);
		assert.equal(found.key, packet.key, `packet ${at}`);
		const offUs = Math.abs(found.timestampUs - packet.timestampUs - shiftUs);
		assert.ok(offUs < 100, `packet ${at} is off by ${offUs} µs`);
	}
}

async function* each(packets: readonly MediaPacket[]): AsyncIterable<MediaPacket> {
	yield* packets;
}

const VIDEO = {
	kind: "video",
	rendition: { codec: "vp8", container: { kind: "legacy" }, codedWidth: 320, codedHeight: 180 },
} as const;

const AUDIO = {
	kind: "audio",
	rendition: { codec: "opus", container: { kind: "legacy" }, sampleRate: 48_000, numberOfChannels: 2 },
} as const;
