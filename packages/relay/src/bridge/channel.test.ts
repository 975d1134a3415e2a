/** Batches, congestion, and tapes that are held once for all who play them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate as macrotask } from "node:timers/promises";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Tape } from "@moq-relay/core";
import { type Batch, BatchReader, BatchWriter } from "./batch.ts";
import { Channel, type ChannelBounds } from "./channel.ts";
import { Command } from "./op.ts";
import { TapeMirror } from "./tape-mirror.ts";

const ROOMY: ChannelBounds = { bytes: 1_000_000, entries: 1000 };

interface End {
	readonly channel: Channel;
	readonly congested: boolean[];
	readonly port: MessagePort;
	/** Batches that arrived, unread; with `hold` none is acknowledged. */
	readonly batches: Batch[];
	acknowledge(): void;
	close(): void;
}

/** A channel whose other end is the test. */
function openChannel(bounds: ChannelBounds): End {
	const { port1, port2 } = new MessageChannel();
	const congested: boolean[] = [];
	const batches: Batch[] = [];
	port2.on("message", (batch: Batch) => batches.push(batch));
	const channel = new Channel(port1, bounds, {
		onBatch: () => {},
		onCongested: (is) => congested.push(is),
		onFault: (error) => {
			throw error;
		},
	});
	return {
		channel,
		congested,
		port: port2,
		batches,
		acknowledge: () => {
			port2.postMessage({ numbers: new Float64Array(), bytes: new Uint8Array(), acknowledged: 1 } satisfies Batch);
		},
		close: () => {
			channel.close();
			port2.close();
		},
	};
}

async function until(holds: () => boolean): Promise<void> {
	for (let turn = 0; !holds(); turn++) {
		assert.ok(turn < 10_000, "it does not hold");
		await macrotask();
	}
}

test("BatchWriter and BatchReader agree on numbers, bytes and texts in any order", () => {
	const writer = new BatchWriter();
	writer.begin(1, 2, 3);
	writer.chunk(Uint8Array.of(1, 2, 3));
	writer.begin(4, Number.POSITIVE_INFINITY, -1);
	writer.text("grüß");
	writer.chunk(new Uint8Array());
	for (let at = 0; at < 1000; at++) writer.number(at);
	assert.equal(writer.entries, 2);
	const reader = new BatchReader(writer.take(0));
	assert.deepEqual([reader.number(), reader.number(), reader.number()], [1, 2, 3]);
	assert.deepEqual(reader.chunk(), Uint8Array.of(1, 2, 3));
	assert.deepEqual([reader.number(), reader.number(), reader.number()], [4, Number.POSITIVE_INFINITY, -1]);
	assert.equal(reader.text(), "grüß");
	assert.equal(reader.chunk().byteLength, 0);
	for (let at = 0; at < 1000; at++) assert.equal(reader.number(), at);
	assert.equal(reader.more, false);
	assert.throws(() => reader.number(), RangeError);
	assert.equal(writer.take(0).numbers.length, 0);
});

test("BatchReader.chunk() does not let a small chunk keep a large batch in memory", () => {
	const writer = new BatchWriter();
	writer.begin(1);
	writer.chunk(new Uint8Array(10));
	writer.chunk(new Uint8Array(100_000));
	const reader = new BatchReader(writer.take(0));
	reader.number();
	assert.equal(reader.chunk().buffer.byteLength, 10);
	assert.equal(reader.chunk().buffer.byteLength, 100_010);
});

test("Channel sends what one turn wrote as one batch", async () => {
	const end = openChannel(ROOMY);
	for (let at = 0; at < 5; at++) end.channel.out.begin(at);
	await once(end.port, "message");
	end.channel.out.begin(9);
	await until(() => end.batches.length === 2);
	assert.deepEqual(
		end.batches.map((batch) => [...batch.numbers]),
		[[0, 1, 2, 3, 4], [9]],
	);
	end.close();
});

test("Channel says when too much is under way, and again when half of it has been dealt with", async () => {
	const end = openChannel({ bytes: 100, entries: 1000 });
	for (let at = 0; at < 3; at++) {
		end.channel.out.begin(1);
		end.channel.out.chunk(new Uint8Array(40));
		await until(() => end.batches.length === at + 1);
	}
	assert.deepEqual(end.congested, [true]);
	assert.equal(end.channel.congested, true);
	end.acknowledge();
	await until(() => end.channel.bytesUnderWay === 80);
	assert.equal(end.channel.congested, true);
	end.acknowledge();
	await until(() => end.channel.bytesUnderWay === 40);
	assert.deepEqual(end.congested, [true, false]);
	end.close();
});

test("Channel counts entries too: small ones cost as well", async () => {
	const end = openChannel({ bytes: 100, entries: 10 });
	for (let at = 0; at < 11; at++) end.channel.out.begin(1);
	await until(() => end.batches.length === 1);
	assert.deepEqual(end.congested, [true]);
	end.close();
});

/** The commands of all batches, by number of times. */
function countCommands(end: End, command: number): number {
	let count = 0;
	for (const batch of end.batches) for (const value of batch.numbers) if (value === command) count += 1;
	return count;
}

const TARGET = { conn: 100, lane: 200, tag: 300, header: new Uint8Array() };

test("TapeMirror sends a tape once, however many play it, and plays of a turn as one command", async () => {
	const end = openChannel(ROOMY);
	const mirror = new TapeMirror(end.channel);
	const tape = new Tape("lite-05");
	tape.append(new Uint8Array(1000));
	for (let conn = 1000; conn < 1050; conn++) assert.ok(mirror.playOnLane(tape, { ...TARGET, conn }));
	await until(() => end.batches.length === 1);
	assert.equal(end.batches[0]?.bytes.byteLength, 1000);
	assert.equal(countCommands(end, Command.LanePlay), 1);
	assert.equal(countCommands(end, Command.TapeAppend), 1);
	tape.append(new Uint8Array(10));
	tape.finish();
	await until(() => end.batches.length === 2);
	assert.deepEqual([...(end.batches[1]?.numbers ?? [])], [Command.TapeAppend, 1, 10, Command.TapeFinish, 1]);
	end.close();
});

test("TapeMirror forgets a tape that the worker says is idle, unless it was played since", async () => {
	const end = openChannel(ROOMY);
	const mirror = new TapeMirror(end.channel);
	const tape = new Tape("lite-05");
	mirror.playOnLane(tape, TARGET);
	mirror.playOnLane(tape, TARGET);
	tape.finish();
	mirror.idle(1, 1);
	assert.equal(mirror.size, 1);
	mirror.idle(1, 2);
	assert.equal(mirror.size, 0);
	mirror.playOnLane(tape, TARGET);
	assert.equal(mirror.size, 1);
	tape.evict();
	assert.equal(mirror.size, 0);
	end.close();
});

test("TapeMirror gives a group up when its worker is too far behind, and starts none until it has caught up", async () => {
	const end = openChannel({ bytes: 100, entries: 1000 });
	const mirror = new TapeMirror(end.channel);
	const tape = new Tape("lite-05");
	assert.ok(mirror.playOnLane(tape, TARGET));
	tape.append(new Uint8Array(200));
	tape.append(new Uint8Array(200));
	assert.equal(mirror.size, 0);
	assert.equal(mirror.playOnLane(new Tape("lite-05"), TARGET), false);
	await until(() => end.batches.length === 1);
	assert.equal(countCommands(end, Command.TapeAbort), 1);
	end.acknowledge();
	await until(() => !end.channel.congested);
	assert.equal(mirror.playOnLane(new Tape("lite-05"), TARGET), true);
	end.close();
});
