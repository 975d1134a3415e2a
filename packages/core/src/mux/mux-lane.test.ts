import assert from "node:assert/strict";
import { test } from "node:test";
import { Tape } from "../tape.ts";
import type { Lane, LanePolicy } from "../transport.ts";
import { FRAMINGS, LaneLog, PATIENT, parameters, Solo, type SoloOptions } from "./fixture.test.ts";
import { LANE_PLAYS_MAX, LANE_STREAMS_WAITING_MAX } from "./limits.ts";

interface Viewer {
	readonly solo: Solo;
	readonly lane: Lane;
	readonly log: LaneLog;
}

/** A lane on a connection whose pipe takes `room` messages more. */
function viewer(policy: Partial<LanePolicy>, room: number, more: { peer?: SoloOptions["peer"] } = {}): Viewer {
	const solo = new Solo({ framing: "qmux-00", ...more });
	const log = new LaneLog();
	const lane = solo.connection.lane({ ...PATIENT, ...policy }, log);
	solo.pipe.room = room;
	return { solo, lane, log };
}

function play(lane: Lane, tag: number, bytes: number = 50_000): Tape {
	const tape = new Tape("lite-05");
	tape.append(new Uint8Array(bytes));
	tape.finish();
	lane.play(tape, Uint8Array.of(tag & 0xff), tag);
	return tape;
}

test("MuxLane gives an older play up when its latency is over, not before", () => {
	const { solo, lane, log } = viewer({ latencyMs: 100 }, 1);
	play(lane, 1);
	solo.settle();
	solo.clock.run(1000);
	play(lane, 2);
	solo.clock.run(1099);
	assert.deepEqual(log.dropped, []);
	solo.clock.run(1100);
	assert.deepEqual(log.dropped, [{ tags: [1], reason: "latency" }]);
	solo.drain(99);
	assert.deepEqual(
		solo.sentOf("reset-stream").map(({ id, code, finalSize }) => [id, code, finalSize]),
		[[3, 26, 16_352]],
	);
	assert.equal(solo.bytesOf(7).length, 50_001);
});

test("MuxLane never gives the newest up, and counts from when it was followed", () => {
	const { solo, lane, log } = viewer({ latencyMs: 100, budgetBytes: 0 }, 1);
	play(lane, 1);
	solo.clock.run(60_000);
	assert.deepEqual(log.dropped, []);
	solo.drain(99);
	assert.equal(solo.bytesOf(3).length, 50_001);
	assert.deepEqual(log.dropped, []);
});

test("MuxLane takes a group that comes late for the older one that it is", () => {
	const { solo, lane, log } = viewer({ latencyMs: 100 }, 0);
	play(lane, 5);
	play(lane, 4);
	solo.clock.run(100);
	assert.deepEqual(log.dropped, [{ tags: [4], reason: "latency" }]);
	solo.drain(99);
	assert.equal(solo.bytesOf(3)[0], "\u0005");
});

test("MuxLane.update() shortens and lengthens the latency of running plays", () => {
	const { solo, lane, log } = viewer({ latencyMs: 1000 }, 0);
	play(lane, 1);
	play(lane, 2);
	solo.clock.run(500);
	lane.update({ ...PATIENT, latencyMs: 2000 });
	solo.clock.run(1500);
	assert.deepEqual(log.dropped, []);
	lane.update({ ...PATIENT, latencyMs: 10 });
	solo.clock.run(1501);
	assert.deepEqual(log.dropped, [{ tags: [1], reason: "latency" }]);
});

test("MuxLane sends an older play that the pipe takes at once, whatever the latency", () => {
	const { solo, lane, log } = viewer({ latencyMs: 0, budgetBytes: 0 }, 99);
	play(lane, 1);
	play(lane, 2);
	solo.clock.run(1);
	assert.deepEqual(log.dropped, []);
	assert.equal(solo.sentOf("stream").filter((frame) => frame.fin).length, 2);
});

test("MuxLane gives the oldest up while older plays exceed the budget", () => {
	const { solo, lane, log } = viewer({ budgetBytes: 70_000 }, 0);
	for (const tag of [1, 2]) play(lane, tag);
	solo.settle();
	assert.deepEqual(log.dropped, []);
	for (const tag of [3, 4]) play(lane, tag);
	solo.settle();
	assert.deepEqual(log.dropped, [{ tags: [1, 2], reason: "budget" }]);
});

test("MuxLane counts latency from the first newer play, not from the last", () => {
	const { solo, lane, log } = viewer({ latencyMs: 100 }, 0);
	for (const tag of [1, 2, 3]) {
		play(lane, tag);
		solo.clock.run(solo.clock.nowMs() + 60);
	}
	assert.deepEqual(log.dropped, [{ tags: [1], reason: "latency" }]);
});

test("MuxLane resets at once what it gives up while the pipe has room", () => {
	const { solo, lane, log } = viewer({ budgetBytes: 1000 }, 99, { peer: { data: 20_000 } });
	play(lane, 1);
	solo.settle();
	play(lane, 2);
	solo.settle();
	assert.deepEqual(log.dropped, [{ tags: [1], reason: "budget" }]);
	assert.deepEqual(
		solo.sentOf("reset-stream").map(({ id }) => id),
		[3],
	);
});

test("MuxLane shows a play of an aborted tape also when the peer's limits come later", () => {
	const { solo, lane, log } = viewer({}, 99, { peer: undefined });
	const tape = new Tape("lite-05");
	tape.abort(24);
	lane.play(tape, Uint8Array.of(1), 1);
	solo.settle();
	solo.receive(parameters());
	solo.settle();
	assert.deepEqual(
		solo.sentOf("reset-stream").map(({ id, code }) => [id, code]),
		[[3, 24]],
	);
	assert.deepEqual(log.dropped, []);
});

test("MuxLane counts what an older play's tape grows by", () => {
	const { solo, lane, log } = viewer({ budgetBytes: 70_000 }, 0);
	const tape = new Tape("lite-05");
	lane.play(tape, Uint8Array.of(1), 1);
	play(lane, 2);
	tape.append(new Uint8Array(70_000 - 1));
	solo.settle();
	assert.deepEqual(log.dropped, []);
	tape.append(new Uint8Array(1));
	solo.settle();
	assert.deepEqual(log.dropped, [{ tags: [1], reason: "budget" }]);
});

test("MuxLane keeps the newest few of plays that wait for the peer's stream limit", () => {
	const { solo, lane, log } = viewer({}, 99, { peer: { streamsUni: 2 } });
	const open = new Tape("lite-05");
	lane.play(open, Uint8Array.of(1), 1);
	lane.play(open, Uint8Array.of(2), 2);
	solo.settle();
	for (let tag = 3; tag <= 10; tag++) play(lane, tag, 10);
	solo.settle();
	assert.deepEqual(log.dropped, [{ tags: [3, 4, 5, 6], reason: "streams" }]);
	solo.receive("1303");
	assert.equal(solo.bytesOf(11)[0], "\u000a");
	solo.receive("1310");
	assert.equal(solo.sentOf("stream").filter((frame) => frame.fin).length, LANE_STREAMS_WAITING_MAX);
	// What was never opened needs no reset.
	assert.deepEqual(solo.sentOf("reset-stream"), []);
});

test("MuxLane bounds its plays however small they are", () => {
	const { solo, lane, log } = viewer({}, 0);
	for (let tag = 0; tag < LANE_PLAYS_MAX + 3; tag++) play(lane, tag, 1);
	solo.settle();
	assert.deepEqual(
		log.dropped.flatMap(({ tags }) => tags),
		[0, 1, 2],
	);
});

test("MuxLane tells which play the peer stopped, and resets it", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		const log = new LaneLog();
		const lane = solo.connection.lane(PATIENT, log);
		const tape = new Tape("lite-05");
		tape.append(Buffer.from("abc"));
		lane.play(tape, Uint8Array.of(1), 41);
		lane.play(tape, Uint8Array.of(1), 42);
		solo.settle();
		solo.receive("050709");
		tape.append(Buffer.from("def"));
		tape.finish();
		solo.settle();
		assert.deepEqual(log.dropped, [{ tags: [solo.bytesOf(3).length === 7 ? 41 : 42], reason: "stopped" }]);
		assert.deepEqual(
			solo.sentOf("reset-stream").map(({ id, code }) => [id, code]),
			[[7, 9]],
		);
		assert.equal(solo.connection.openStreams, 0);
	}
});

test("MuxLane resets plays of tapes that are aborted or evicted, without a word", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		const log = new LaneLog();
		const lane = solo.connection.lane(PATIENT, log);
		for (const [tag, ending] of (["abort", "evict"] as const).entries()) {
			const tape = new Tape("lite-05");
			tape.append(Buffer.from("abc"));
			lane.play(tape, Uint8Array.of(1), tag);
			// A play before its end, one in the turn of it, and one after.
			solo.settle();
			lane.play(tape, Uint8Array.of(2), tag);
			tape[ending](44);
			lane.play(tape, Uint8Array.of(3), tag);
			solo.settle();
		}
		assert.deepEqual(
			solo.sentOf("reset-stream").map(({ code }) => code),
			[44, 44, 44, 31, 31, 31],
		);
		assert.deepEqual(log.dropped, []);
		assert.equal(solo.connection.openStreams, 0);
	}
});

test("MuxLane leaves no trace on a tape that its plays are done with", () => {
	const { solo, lane } = viewer({ latencyMs: 10 }, 99);
	const open = new Tape("lite-05");
	let attached = 0;
	const attach = open.attach.bind(open);
	open.attach = (sink) => {
		attached++;
		const detach = attach(sink);
		return () => {
			attached--;
			detach();
		};
	};
	for (let tag = 0; tag < 4; tag++) lane.play(open, Uint8Array.of(1), tag);
	solo.clock.run(20);
	assert.equal(attached, 1);
	lane.close(3);
	solo.settle();
	assert.equal(attached, 0);
	const other = solo.connection.lane(PATIENT, new LaneLog());
	other.play(open, Uint8Array.of(1), 1);
	solo.connection.openUni()?.play(open);
	assert.equal(attached, 2);
	solo.connection.close(0, "");
	assert.equal(attached, 0);
});

test("MuxLane.close() resets with a code also what a close without one let run", () => {
	const { solo, lane, log } = viewer({}, 99);
	const tape = new Tape("lite-05");
	lane.play(tape, Uint8Array.of(1), 1);
	solo.settle();
	lane.close();
	solo.settle();
	assert.equal(log.drained, 0);
	lane.close(26);
	solo.settle();
	assert.equal(solo.sentOf("reset-stream")[0]?.code, 26);
	assert.equal(solo.connection.openStreams, 0);
	lane.play(tape, Uint8Array.of(1), 2);
	solo.settle();
	assert.equal(solo.connection.openStreams, 0);
});

test("MuxLane.datagram() is dropped when the pipe is full, and where there are none", () => {
	const solo = new Solo({ framing: "qmux-01" });
	const lane = solo.connection.lane(PATIENT, new LaneLog());
	lane.datagram(Buffer.from("one"));
	solo.settle();
	solo.pipe.room = 0;
	lane.datagram(Buffer.from("two"));
	solo.settle();
	solo.drain(9);
	lane.datagram(new Uint8Array(16_380));
	lane.datagram(new Uint8Array(16_379));
	solo.settle();
	assert.deepEqual(
		solo.sentOf("datagram").map(({ payload }) => payload.length),
		[3, 16_379],
	);
	const old = new Solo({ framing: "qmux-00" });
	old.connection.lane(PATIENT, new LaneLog()).datagram(Buffer.from("one"));
	old.settle();
	assert.equal(old.sent.length, 1);
});
