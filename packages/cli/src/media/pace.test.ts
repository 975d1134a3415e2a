import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as macrotask } from "node:timers/promises";
import { VirtualClock } from "@moq-relay/testkit";
import fc from "fast-check";
import { MEDIA_EPOCH_MS, MediaClock } from "./media-clock.ts";
import type { MediaPacket } from "./media-input.ts";
import { Pace } from "./pace.ts";

test("Pace gives each packet at its time", async () => {
	assert.deepEqual(await leave([0, 20, 40, 60]), [
		[0, 0],
		[20, 20],
		[40, 40],
		[60, 60],
	]);
});

test("Pace lets a picture go before those that refer to it, each no later than it is shown", async () => {
	// I P B B P B B: decode order of a stream with two B frames.
	assert.deepEqual(await leave([0, 300, 100, 200, 600, 400, 500]), [
		[0, 0],
		[300, 100],
		[100, 100],
		[200, 200],
		[600, 400],
		[400, 400],
		[500, 500],
	]);
});

test("Pace waits a gap out, and is in time after it", async () => {
	const times = (await leave([0, 20, 9000, 9020])).map(([, at]) => at);
	assert.deepEqual(times, [0, 20, 9000, 9020]);
});

test("Pace begins wherever the input's time does, and shifts by the offset", async () => {
	const clock = new VirtualClock();
	const media = new MediaClock(clock, new AbortController().signal);
	media.start(5000 * 1000);
	const pace = new Pace(from([5000, 5040]));
	const left = await drain(pace, { clock, media, offsetUs: 1_000_000 });
	assert.deepEqual(left, [
		[5000, 1000],
		[5040, 1040],
	]);
});

test("Pace is never late and never out of order, whatever the reordering", async () => {
	const gop = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 });
	await fc.assert(
		fc.asyncProperty(fc.array(gop, { minLength: 1, maxLength: 6 }), async (gops) => {
			const times = gops.flatMap((order, at) => order.map((place) => at * 800 + place * 100));
			const left = await leave(times);
			assert.deepEqual(
				left.map(([time]) => time),
				times,
			);
			for (const [time, at] of left) assert.ok(at <= time, `${time} left at ${at}`);
			const ats = left.map(([, at]) => at);
			assert.deepEqual(
				ats,
				ats.toSorted((a, b) => a - b),
			);
		}),
		{ numRuns: 50 },
	);
});

test("Pace sends what a live input has, without waiting for what may follow", async () => {
	const clock = new VirtualClock();
	const media = new MediaClock(clock, new AbortController().signal);
	media.start(0);
	const live = Promise.withResolvers<void>();
	const pace = new Pace(
		(async function* () {
			yield packet(0);
			yield packet(20);
			await live.promise;
			yield packet(40);
		})(),
	);
	assert.equal((await pace.next(media, 0))?.timestampUs, 0);
	const second = pace.next(media, 0);
	await macrotask();
	clock.run(20);
	assert.equal((await second)?.timestampUs, 20_000);
	clock.run(500);
	live.resolve();
	// It came late, so it leaves at once.
	assert.equal((await pace.next(media, 0))?.timestampUs, 40_000);
});

test("Pace hears of a packet that must be shown earlier while it waits for the first one", async () => {
	const clock = new VirtualClock();
	const media = new MediaClock(clock, new AbortController().signal);
	media.start(0);
	const live = Promise.withResolvers<void>();
	const pace = new Pace(
		(async function* () {
			yield packet(300);
			await live.promise;
			yield packet(100);
		})(),
	);
	let leftMs: number | undefined;
	const next = pace.next(media, 0).then(() => {
		leftMs = clock.nowMs();
	});
	await macrotask();
	live.resolve();
	await macrotask();
	clock.run(100);
	await next;
	assert.equal(leftMs, 100);
});

test("Pace reads a bounded number of packets ahead", async () => {
	let read = 0;
	const pace = new Pace(
		(async function* () {
			for (; read < 1000; read++) yield packet(read);
		})(),
	);
	await pace.peek();
	for (let turn = 0; turn < 50; turn++) await macrotask();
	assert.ok(read < 40, `${read} packets read`);
	pace.close();
});

test("Pace throws what reading threw after giving out what was read, and nothing after close()", async () => {
	const clock = new VirtualClock();
	const media = new MediaClock(clock, new AbortController().signal);
	media.start(0);
	const broken = async function* (): AsyncIterable<MediaPacket> {
		yield packet(0);
		throw new RangeError("broken");
	};
	const pace = new Pace(broken());
	assert.equal((await pace.next(media, 0))?.timestampUs, 0);
	await assert.rejects(pace.next(media, 0), RangeError);

	const closed = new Pace(from([0, 50]));
	assert.equal((await closed.next(media, 0))?.timestampUs, 0);
	const waiting = closed.next(media, 0);
	closed.close();
	assert.equal(await waiting, undefined);
});

test("Pace ends when the clock is stopped", async () => {
	const stop = new AbortController();
	const media = new MediaClock(new VirtualClock(), stop.signal);
	media.start(0);
	const pace = new Pace(from([0, 1000]));
	await pace.next(media, 0);
	const waiting = pace.next(media, 0);
	await macrotask();
	stop.abort();
	assert.equal(await waiting, undefined);
});

test("MediaClock names media time by the wall clock, from its first start on", () => {
	const clock = new VirtualClock({ wallStartMs: MEDIA_EPOCH_MS + 5000 });
	const media = new MediaClock(clock, new AbortController().signal);
	assert.throws(() => media.timestampUs(0), TypeError);
	media.start(-1000);
	media.start(77);
	assert.equal(media.timestampUs(-1000), 5_000_000);
	assert.equal(media.timestampUs(0), 5_001_000);
});

interface Line {
	readonly clock: VirtualClock;
	readonly media: MediaClock;
	readonly offsetUs: number;
}

/** Times (ms) of packets in decode order → when each left. */
async function leave(times: readonly number[]): Promise<[number, number][]> {
	const clock = new VirtualClock();
	const media = new MediaClock(clock, new AbortController().signal);
	media.start(Math.min(...times) * 1000);
	const zeroMs = Math.min(...times);
	const left = await drain(new Pace(from(times)), { clock, media, offsetUs: 0 });
	return left.map(([time, at]) => [time, at + zeroMs]);
}

async function drain(pace: Pace, { clock, media, offsetUs }: Line): Promise<[number, number][]> {
	const left: [number, number][] = [];
	let isOver = false;
	const work = (async () => {
		// All that may be known ahead is: a file.
		await macrotask();
		for (;;) {
			const next = await pace.next(media, offsetUs);
			if (next === undefined) break;
			left.push([next.timestampUs / 1000, clock.nowMs()]);
			await macrotask();
		}
		isOver = true;
	})();
	while (!isOver) {
		for (let turn = 0; turn < 3; turn++) await macrotask();
		clock.step();
	}
	await work;
	return left;
}

async function* from(times: readonly number[]): AsyncIterable<MediaPacket> {
	for (const time of times) yield packet(time);
}

function packet(ms: number): MediaPacket {
	return { timestampUs: ms * 1000, durationUs: 20_000, key: true, data: new Uint8Array([1]) };
}
