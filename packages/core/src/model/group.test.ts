import assert from "node:assert/strict";
import { test } from "node:test";
import { joinBytes, patternBytes } from "@moq-relay/testkit";
import { Code, encodeFrameHeader, Malformed } from "@moq-relay/wire";
import fc from "fast-check";
import { RequestError } from "../error.ts";
import type { Encoding } from "../tape.ts";
import { Group, type GroupObserver, type GroupOptions } from "./group.ts";
import { type Frame, readGroup } from "./group-reader.ts";
import { CHUNK_OVERHEAD_BYTES, GROUP_BYTES_MAX, GROUP_OVERHEAD_BYTES } from "./limits.ts";

const QUIET: GroupObserver = { onGrow: () => {}, onGroupEnd: () => {} };

function makeGroup(options: Partial<GroupOptions> = {}): Group {
	return new Group({
		sequence: 0,
		encoding: "lite-05",
		timescale: 1000,
		sourceTimescale: 1000,
		wallMs: () => 0,
		observer: QUIET,
		...options,
	});
}

function bodyOf(frames: readonly Frame[], encoding: Encoding): Uint8Array {
	let last = 0;
	const parts: Uint8Array[] = [];
	for (const { timestamp, payload } of frames) {
		parts.push(encodeFrameHeader({ size: payload.byteLength, timestampDelta: timestamp - last }, encoding), payload);
		last = timestamp;
	}
	return joinBytes(parts);
}

function writeCut(group: Group, body: Uint8Array, cuts: readonly number[]): void {
	let at = 0;
	for (const cut of cuts) {
		if (at >= body.length) break;
		group.write(body.slice(at, at + cut));
		at += cut;
	}
	if (at < body.length) group.write(body.slice(at));
}

function framesOf(group: Group): Frame[] {
	const frames: Frame[] = [];
	readGroup(group, {
		onFrame: ({ timestamp, payload }) => frames.push({ timestamp, payload: new Uint8Array(payload) }),
		onEnd: () => {},
		onAbort: () => {},
	});
	return frames;
}

const FRAME = fc.record(
	{
		timestamp: fc.nat(1_000_000),
		payload: fc.oneof(
			fc.uint8Array({ maxLength: 80 }),
			fc.nat(9000).map((length) => patternBytes(length, length)),
		),
	},
	{ noNullPrototype: true },
);
const FRAMES = fc.array(FRAME, { maxLength: 8 });
const CUTS = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 30 });

test("Group passes a lite-05 source through byte for byte, and derives lite-01 before, during and after", () => {
	fc.assert(
		fc.property(FRAMES, CUTS, fc.constantFrom("before", "during", "after"), (frames, cuts, when) => {
			const group = makeGroup();
			const body = bodyOf(frames, "lite-05");
			if (when === "before") group.tape("lite-01");
			const half = Math.floor(body.length / 2);
			writeCut(group, body.subarray(0, half), cuts);
			if (when === "during") group.tape("lite-01");
			writeCut(group, body.subarray(half), cuts);
			group.finish();
			assert.deepEqual(joinBytes(group.tape("lite-05").chunks), body);
			assert.deepEqual(joinBytes(group.tape("lite-01").chunks), bodyOf(frames, "lite-01"));
			assert.equal(group.tape("lite-01").state, "finished");
			assert.equal(group.tape("lite-01"), group.tape("lite-01"), "held once");
			assert.equal(group.frameCount, frames.length);
			assert.deepEqual(framesOf(group), frames);
		}),
	);
});

test("Group stamps the frames of a lite-01 source on arrival, never decreasing, and gives lite-01 viewers the same bytes", () => {
	fc.assert(
		fc.property(FRAMES, CUTS, fc.array(fc.integer({ min: -500, max: 500 })), (frames, cuts, jumps) => {
			let wallMs = Date.UTC(2026, 0, 1);
			const group = makeGroup({ encoding: "lite-01", wallMs: () => (wallMs += jumps.shift() ?? 1) });
			const body = bodyOf(frames, "lite-01");
			writeCut(group, body, cuts);
			group.finish();
			assert.deepEqual(joinBytes(group.tape("lite-01").chunks), body);
			const stamped = framesOf(group);
			assert.deepEqual(
				stamped.map((frame) => frame.payload),
				frames.map((frame) => frame.payload),
			);
			const times = stamped.map((frame) => frame.timestamp);
			assert.deepEqual(
				times,
				times.toSorted((a, b) => a - b),
			);
		}),
	);
});

test("Group stamps milliseconds since 2020 in the track's timescale", () => {
	for (const timescale of [1000, 1_000_000]) {
		const group = makeGroup({ encoding: "lite-01", timescale, wallMs: () => Date.UTC(2020, 0, 1, 0, 0, 5) });
		group.write(bodyOf([{ timestamp: 0, payload: new Uint8Array(1) }], "lite-01"));
		assert.equal(framesOf(group)[0]?.timestamp, 5 * timescale);
	}
});

test("Group converts the timestamps of a source with another timescale", () => {
	const group = makeGroup({ timescale: 1000, sourceTimescale: 90_000 });
	const payload = Uint8Array.of(1, 2);
	group.write(
		bodyOf(
			[
				{ timestamp: 90_000, payload },
				{ timestamp: 45_000, payload },
			],
			"lite-05",
		),
	);
	assert.deepEqual(framesOf(group), [
		{ timestamp: 1000, payload },
		{ timestamp: 500, payload },
	]);
});

test("Group refuses a timestamp that does not fit the track's timescale", () => {
	const group = makeGroup({ timescale: 1_000_000_000, sourceTimescale: 1 });
	const body = bodyOf([{ timestamp: Number.MAX_SAFE_INTEGER, payload: new Uint8Array(1) }], "lite-05");
	assert.throws(() => group.write(body), { name: "RequestError", code: Code.TimestampMismatch });
	assert.equal(group.code, Code.TimestampMismatch);
});

test("Group is aborted by a body that is no frames, and its viewers are told", () => {
	const group = makeGroup();
	const tape = group.tape("lite-01");
	group.write(Uint8Array.of(0, 5, 1));
	assert.throws(() => group.finish(), Malformed);
	assert.deepEqual([group.state, group.code], ["aborted", Code.Decode]);
	assert.deepEqual([tape.state, tape.code], ["aborted", Code.Decode]);
	assert.throws(() => group.write(Uint8Array.of(1)), RequestError);
});

test("Group takes nothing of a chunk over a frame limit", () => {
	const group = makeGroup();
	const huge = joinBytes([Uint8Array.of(0), Uint8Array.of(0x84, 0, 0, 0)]);
	assert.throws(() => group.write(huge), { name: "Malformed", code: Code.FrameTooLarge });
	assert.deepEqual([group.state, group.code], ["aborted", Code.FrameTooLarge]);
	assert.equal(group.tape("lite-05").byteLength, 0);
});

test("Group charges its overhead, its chunks and every tape, and tells each change", () => {
	let told = GROUP_OVERHEAD_BYTES;
	const observer = { ...QUIET, onGrow: (_group: Group, bytes: number) => (told += bytes) };
	const group = makeGroup({ observer });
	assert.equal(group.byteLength, GROUP_OVERHEAD_BYTES);
	group.write(bodyOf([{ timestamp: 0, payload: new Uint8Array(10) }], "lite-05"));
	assert.equal(group.byteLength, GROUP_OVERHEAD_BYTES + CHUNK_OVERHEAD_BYTES + 12);
	group.tape("lite-01");
	assert.equal(group.byteLength, GROUP_OVERHEAD_BYTES + 2 * CHUNK_OVERHEAD_BYTES + 12 + 11);
	assert.equal(told, group.byteLength);
});

test("Group is aborted when it costs too much, even in one-byte chunks", () => {
	const group = makeGroup();
	group.write(joinBytes([Uint8Array.of(0), Uint8Array.of(0x80, 0x10, 0, 0)]));
	const byte = new Uint8Array(1);
	let count = 0;
	assert.throws(
		() => {
			for (; count < GROUP_BYTES_MAX; count++) group.write(byte);
		},
		{ name: "RequestError", code: Code.BoundsExceeded },
	);
	assert.ok(count < GROUP_BYTES_MAX / CHUNK_OVERHEAD_BYTES);
	assert.equal(group.code, Code.BoundsExceeded);
});

test("Group.evict() drops the bytes, resets every tape, and refuses more", () => {
	const ended: string[] = [];
	const group = makeGroup({ observer: { ...QUIET, onGroupEnd: (over) => ended.push(over.state) } });
	const derived = group.tape("lite-01");
	group.write(bodyOf([{ timestamp: 0, payload: new Uint8Array(10) }], "lite-05"));
	group.evict();
	assert.deepEqual(ended, ["evicted"]);
	assert.deepEqual([derived.state, derived.chunks.length], ["evicted", 0]);
	assert.throws(() => group.write(Uint8Array.of(0)), { name: "RequestError", code: Code.Evicted });
	assert.equal(makeEvicted().tape("lite-01").state, "evicted", "also when it is wanted afterwards");
});

function makeEvicted(): Group {
	const group = makeGroup();
	group.evict();
	return group;
}

test("readGroup() survives a listener that throws, and other readers do too", () => {
	const group = makeGroup();
	const faults: unknown[] = [];
	const frames: Frame[] = [];
	const fault = new Error("listener");
	const rest = { onEnd: () => {}, onAbort: () => {} };
	readGroup(group, {
		...rest,
		onFrame: () => {
			throw fault;
		},
		onFault: (thrown) => faults.push(thrown),
	});
	readGroup(group, { ...rest, onFrame: (frame) => frames.push(frame) });
	const payload = new Uint8Array(3);
	group.write(
		bodyOf(
			[
				{ timestamp: 1, payload },
				{ timestamp: 2, payload },
			],
			"lite-05",
		),
	);
	assert.deepEqual(faults, [fault], "told once");
	assert.equal(frames.length, 2);
});

test("readGroup() tells the end, an abort and an eviction, and nothing after its cancellation", () => {
	const outcome = (act: (group: Group) => void) => {
		const group = makeGroup();
		const told: (string | number)[] = [];
		const listener = { onFrame: () => {}, onEnd: () => told.push("end"), onAbort: (code: number) => told.push(code) };
		readGroup(group, listener);
		const cancel = readGroup(group, { ...listener, onEnd: () => told.push("cancelled") });
		cancel();
		act(group);
		return told;
	};
	assert.deepEqual(
		outcome((group) => group.finish()),
		["end"],
	);
	assert.deepEqual(
		outcome((group) => group.abort(77)),
		[77],
	);
	assert.deepEqual(
		outcome((group) => group.evict()),
		[Code.Evicted],
	);
});
