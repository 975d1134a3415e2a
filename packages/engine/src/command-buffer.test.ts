import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandBuffer } from "./command-buffer.ts";
import { INLINE_BYTES_MAX, TURN_BYTES_MAX } from "./limits.ts";
import type { NativeEngine } from "./native.ts";

interface Submission {
	readonly queue: number;
	readonly kinds: number[];
	readonly bodies: Buffer[];
	readonly payloads: Uint8Array[];
}

/** Stands in for the native side and takes the records apart. */
class Recorder implements NativeEngine {
	readonly submissions: Submission[] = [];

	submit(...[queue, records, length, payloads]: Parameters<NativeEngine["submit"]>): void {
		const submission: Submission = { queue, kinds: [], bodies: [], payloads };
		const bytes = Buffer.from(records.slice(0, length));
		for (let at = 0; at < length; ) {
			const end = at + 8 + bytes.readUInt32LE(at + 4);
			submission.kinds.push(bytes[at] ?? 0);
			submission.bodies.push(bytes.subarray(at + 8, end));
			at = end;
		}
		this.submissions.push(submission);
	}

	drain(): null {
		return null;
	}

	stats(): number[] {
		return [];
	}

	close(): void {}
}

const PLAY = 45;
const CREDIT = 42;

function target(connection: number, thread = 0): Parameters<CommandBuffer["play"]>[1] {
	return { connection: { thread, id: connection }, lane: 1, tag: 9, header: Uint8Array.of(1, 2, 3) };
}

test("CommandBuffer joins consecutive plays of one tape into one record", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	for (let viewer = 1; viewer <= 200; viewer++) commands.play(5, target(viewer));
	commands.flush();
	const [submission] = native.submissions;
	assert.deepEqual(submission?.kinds, [PLAY]);
	const body = submission?.bodies[0] ?? Buffer.alloc(0);
	assert.equal(body.readDoubleLE(0), 5);
	assert.equal(body.byteLength, 8 + 200 * (18 + 3));
	assert.equal(body.readUInt32LE(8 + 199 * 21), 200);
});

test("CommandBuffer starts another record for another tape, and after any other command", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	commands.play(5, target(1));
	commands.play(6, target(1));
	commands.play(5, target(1));
	commands.credit({ thread: 0, id: 1 }, 2, 3);
	commands.play(5, target(1));
	commands.flush();
	commands.play(5, target(1));
	commands.flush();
	assert.deepEqual(
		native.submissions.map(({ kinds }) => kinds),
		[[PLAY, PLAY, PLAY, CREDIT, PLAY], [PLAY]],
	);
});

test("CommandBuffer keeps the plays of each thread together however they alternate", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 2);
	for (let viewer = 0; viewer < 10; viewer++) commands.play(5, target(viewer, viewer % 2));
	commands.flush();
	assert.deepEqual(
		native.submissions.map(({ queue, kinds }) => [queue, kinds]),
		[
			[0, [PLAY]],
			[1, [PLAY]],
		],
	);
});

test("CommandBuffer hands over tapes before what plays them", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 2);
	commands.play(5, target(1, 1));
	commands.tapeOpen(5);
	commands.flush();
	assert.deepEqual(
		native.submissions.map(({ queue }) => queue),
		[2, 1],
	);
});

test("CommandBuffer submits by itself, once, at the end of the turn", async () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	commands.tapeOpen(1);
	await Promise.resolve();
	commands.tapeOpen(2);
	assert.equal(native.submissions.length, 0);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(
		native.submissions.map(({ kinds }) => kinds),
		[[1, 1]],
	);
});

test("CommandBuffer passes long byte strings by reference and short ones by value", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	const [short, long] = [new Uint8Array(INLINE_BYTES_MAX), new Uint8Array(INLINE_BYTES_MAX + 1)];
	commands.tapeAppend(1, short);
	commands.tapeAppend(1, long);
	commands.flush();
	const [submission] = native.submissions;
	assert.equal(submission?.payloads.length, 1);
	assert.equal(submission?.payloads[0], long);
	assert.equal(submission?.bodies[0]?.byteLength, 8 + 1 + 4 + INLINE_BYTES_MAX);
	assert.equal(submission?.bodies[1]?.byteLength, 8 + 1 + 4);
});

test("CommandBuffer does not let a turn pile up more than TURN_BYTES_MAX", () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	const chunk = new Uint8Array(64 * 1024);
	for (let at = 0; at <= TURN_BYTES_MAX; at += chunk.byteLength) commands.write({ thread: 0, id: 1 }, 1, chunk);
	assert.equal(native.submissions.length, 1);
});

test("CommandBuffer submits nothing once it is closed", async () => {
	const native = new Recorder();
	const commands = new CommandBuffer(native, 1);
	commands.tapeOpen(1);
	commands.close();
	commands.tapeOpen(2);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(
		native.submissions.map(({ kinds }) => kinds),
		[[1]],
	);
});

test("CommandBuffer refuses a connection of no thread", () => {
	const commands = new CommandBuffer(new Recorder(), 1);
	assert.throws(() => commands.stats({ thread: 1, id: 1 }), RangeError);
});
