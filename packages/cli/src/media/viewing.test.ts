/** Publisher and viewer on one routing table, in virtual time: what a command does, without a network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Announcement, LocalBroadcast, type LocalTrack, Origin } from "@moq-relay/core";
import { VirtualClock } from "@moq-relay/testkit";
import { Writer } from "@moq-relay/wire";
import { CommandError } from "../command-error.ts";
import { AFTERLIFE_MS, CATALOG_MS } from "../limits.ts";
import { type Output, OutputClosed } from "../output.ts";
import { Terminal } from "../terminal.ts";
import { CATALOG_TRACK, type Catalog, encodeCatalog } from "./catalog.ts";
import { assertSamePackets, CLIP, clipInput, drive, MemoryOutput, packetsOf, reread } from "./fixture.test.ts";
import { MEDIA_EPOCH_MS } from "./media-clock.ts";
import { MediaPublisher } from "./media-publisher.ts";
import { Viewing, type ViewingOptions } from "./viewing.ts";

test("Viewing records every frame of a clip that is published after it began to wait", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	const input = await clipInput();
	const publisher = new MediaPublisher({
		open: async () => input,
		loop: false,
		broadcast: stage.broadcast,
		onBegin: () => stage.announce(),
		clock: stage.clock,
		signal: new AbortController().signal,
	});
	await drive(stage.clock, publisher.run());
	stage.announcement?.close();
	await drive(stage.clock, viewing.done);
	await viewing.close();
	const found = await reread(stage.output.bytes);
	const packets = await packetsOf(CLIP);
	assertSamePackets(found.get("video"), packets.get("video0") ?? []);
	assertSamePackets(found.get("audio"), packets.get("audio0") ?? []);
	assert.ok(stage.output.isClosed);
	assert.match(stage.text, /clip\.hang is live: video0 avc1\.42c01f 640x360, audio0 opus/);
	assert.match(stage.text, /recorded 801 frames of clip\.hang/);
});

test("Viewing goes on when the publisher is replaced, and ends when the next one ends well", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	stage.publish();
	stage.picture(0, "abc");
	await stage.pass(2000);
	stage.restart();
	stage.picture(2000, "de");
	await stage.pass(2000);
	stage.end();
	await drive(stage.clock, viewing.done);
	await viewing.close();
	assert.equal(await stage.marks(), "abcde");
});

test("Viewing waits for a broadcast that broke off to come back", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	stage.publish();
	stage.picture(0, "ab");
	await stage.pass(1000);
	stage.announcement?.lost();
	await stage.pass(20_000);
	assert.match(stage.text, /broke off \(code 24\); waiting/);
	assert.ok(!viewing.isLive);
	stage.renew();
	stage.picture(21_000, "cd");
	await stage.pass(1000);
	stage.end();
	await drive(stage.clock, viewing.done);
	await viewing.close();
	assert.equal(await stage.marks(), "abcd");
});

test("Viewing ends when tracks have ended well and the broadcast stays announced", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	stage.publish();
	stage.picture(0, "ab");
	await stage.pass(500);
	stage.broadcast.end();
	const beforeMs = stage.clock.nowMs();
	await drive(stage.clock, viewing.done);
	assert.ok(stage.clock.nowMs() - beforeMs <= AFTERLIFE_MS + 100);
});

test("Viewing ends after its duration, counted from the first frame", async () => {
	const stage = new Stage();
	const viewing = stage.view({ durationMs: 3000 });
	await stage.pass(10_000);
	stage.publish();
	stage.picture(0, "ab");
	const beganMs = stage.clock.nowMs();
	await drive(stage.clock, viewing.done);
	assert.ok(stage.clock.nowMs() >= beganMs + 3000 && stage.clock.nowMs() < beganMs + 3000 + CATALOG_MS + 200);
	await viewing.close();
	assert.equal(await stage.marks(), "ab");
});

test("Viewing takes the rendition that is asked for, and says what there is when it is missing", async () => {
	const stage = new Stage();
	const viewing = stage.view({ wish: { video: "8k", audio: undefined } });
	stage.publish();
	await assert.rejects(drive(stage.clock, viewing.done), /the broadcast has no video "8k", only "video0"/);
});

test("Viewing refuses to go on in another format", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	stage.publish();
	stage.picture(0, "ab");
	await stage.pass(2000);
	stage.restart({ codec: "vp8" });
	await assert.rejects(drive(stage.clock, viewing.done), CommandError);
	await viewing.close();
	assert.equal(await stage.marks(), "ab");
});

test("Viewing ends well when the reader of its pipe goes away, and with a sentence when the disk is full", async () => {
	const closed = new Stage();
	const viewing = closed.view({ output: failing(new OutputClosed("closed")) });
	closed.publish();
	for (let at = 0; at < 60; at++) closed.picture(at * 1000, "x");
	await drive(closed.clock, viewing.done);
	await viewing.close();

	const full = new Stage();
	const second = full.view({ output: failing(new CommandError("out.mp4 can't be written: the disk is full")) });
	full.publish();
	for (let at = 0; at < 4; at++) {
		full.picture(at * 1000, "x");
		await full.pass(1000);
	}
	await assert.rejects(drive(full.clock, second.done), /the disk is full/);
	await assert.rejects(second.close(), /the disk is full/);
});

test("Viewing follows merge patches of the catalog until there is something to choose", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	const catalog = stage.broadcast.track(CATALOG_TRACK);
	stage.video = stage.broadcast.track("video0", { timescale: 1_000_000 });
	const group = catalog.group();
	group.frame({ timestamp: 0, payload: new TextEncoder().encode('{"title":"x"}') });
	stage.announce();
	await stage.pass(100);
	group.frame({ timestamp: 1, payload: encodeCatalog(catalogOf("vp09.00.10.08")) });
	await stage.pass(3000);
	stage.picture(0, "ab");
	await stage.pass(1000);
	stage.end();
	await drive(stage.clock, viewing.done);
	await viewing.close();
	assert.equal(await stage.marks(), "ab");
});

test("Viewing says that a broadcast has nothing to watch", async () => {
	const stage = new Stage();
	const viewing = stage.view({});
	const catalog = stage.broadcast.track(CATALOG_TRACK);
	const group = catalog.group();
	group.frame({ timestamp: 0, payload: new TextEncoder().encode("{") });
	group.finish();
	stage.announce();
	stage.broadcast.end();
	await assert.rejects(drive(stage.clock, viewing.done), /the catalog is not JSON/);
});

test("Viewing shows rates, latency by the clock, groups and drops", async () => {
	const stage = new Stage();
	const viewing = stage.view({ output: undefined, showsStats: true });
	stage.publish();
	await stage.pass(500);
	for (let at = 0; at < 4; at++) {
		// The wall clock says when a frame was made; it comes 40 ms late.
		const wallUs = (stage.clock.wallMs() - MEDIA_EPOCH_MS - 40) * 1000;
		stage.frameAt(wallUs, new Uint8Array(1250));
		await stage.pass(1000);
	}
	await viewing.close();
	assert.match(stage.text, /video 10 kb\/s 1\.0 f\/s · behind 40 ms · groups 3 · dropped 0/);
});

/** A routing table with one publisher, and a viewer. */
class Stage {
	readonly clock: VirtualClock = new VirtualClock();
	readonly output: MemoryOutput = new MemoryOutput();
	readonly #origin: Origin = new Origin({ clock: this.clock, id: 1, onFault: (thrown) => assert.fail(String(thrown)) });
	broadcast: LocalBroadcast = new LocalBroadcast();
	announcement: Announcement | undefined;
	video: LocalTrack | undefined;
	text = "";
	#publishers = 1;

	view(options: Partial<ViewingOptions>): Viewing {
		const out = { write: (text: string) => void (this.text += text) };
		return new Viewing({
			origin: this.#origin,
			name: "clip.hang",
			wish: { video: undefined, audio: undefined },
			output: this.output,
			showsStats: false,
			durationMs: undefined,
			context: {
				clock: this.clock,
				terminal: new Terminal(out, this.clock, "info"),
				signal: new AbortController().signal,
			},
			...options,
		});
	}

	announce(): void {
		this.#publishers += 1;
		const route = { hops: [this.#publishers], cost: 0 };
		const announcement = this.#origin.announce("clip.hang", route, this.broadcast);
		assert.ok(typeof announcement === "object");
		this.announcement = announcement;
	}

	/** A broadcast with one picture track. */
	publish(codec = "vp09.00.10.08"): void {
		const catalog = this.broadcast.track(CATALOG_TRACK);
		const group = catalog.group();
		group.frame({ timestamp: 0, payload: encodeCatalog(catalogOf(codec)) });
		group.finish();
		this.video = this.broadcast.track("video0", { timescale: 1_000_000 });
		this.announce();
	}

	/** The next publisher takes the name over. */
	restart({ codec = "vp09.00.10.08" }: { readonly codec?: string } = {}): void {
		const before = this.announcement;
		this.broadcast = new LocalBroadcast();
		this.publish(codec);
		before?.close();
	}

	/** Another publisher, after the name was free. */
	renew(): void {
		this.broadcast = new LocalBroadcast();
		this.publish();
	}

	/** A group of frames 40 ms apart, each marked with a letter. */
	picture(ms: number, marks: string): void {
		const group = this.video?.group();
		for (const [at, mark] of marks.split("").entries()) {
			const timestamp = (ms + at * 40) * 1000;
			group?.frame({ timestamp, payload: legacy(timestamp, Uint8Array.of(mark.charCodeAt(0), 0, 0)) });
		}
		group?.finish();
	}

	/** A group of one frame. */
	frameAt(us: number, data: Uint8Array): void {
		const group = this.video?.group();
		group?.frame({ timestamp: us, payload: legacy(us, data) });
		group?.finish();
	}

	/** The broadcast ends as `moq publish` ends it. */
	end(): void {
		this.broadcast.end();
		this.announcement?.close();
	}

	async pass(ms: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.clock.after(ms, resolve);
		await drive(this.clock, promise);
	}

	/** The letters of the frames in the file. */
	async marks(): Promise<string> {
		const found = await reread(this.output.bytes);
		return String.fromCharCode(...(found.get("video") ?? []).map(({ data }) => data[0] ?? 0));
	}
}

function catalogOf(codec: string): Catalog {
	const rendition = { codec, container: { kind: "legacy" }, codedWidth: 320, codedHeight: 180 } as const;
	return { video: { renditions: { video0: rendition } } };
}

function legacy(us: number, data: Uint8Array): Uint8Array {
	return new Writer().varint(us).bytes(data).finish();
}

function failing(error: Error): Output {
	return {
		write: () => Promise.reject(error),
		close: async () => {},
	};
}
