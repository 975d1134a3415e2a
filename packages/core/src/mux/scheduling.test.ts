import assert from "node:assert/strict";
import { test } from "node:test";
import type { MuxFrame } from "@moq-relay/wire";
import { Tape } from "../tape.ts";
import type { Lane, LanePolicy } from "../transport.ts";
import { FRAMINGS, LaneLog, PATIENT, Solo, StreamLog } from "./fixture.test.ts";

/** A connection whose pipe is full from the start, so that everything has to wait its turn; a frame a message. */
function congested(framing: "webtransport" | "qmux-00" = "qmux-00"): Solo {
	const solo = new Solo({ framing });
	solo.pipe.room = 0;
	return solo;
}

/** The first byte of the data of each frame, which tells what it belongs to. */
function names(frames: readonly MuxFrame[]): string {
	return frames.map((frame) => (frame.type === "stream" ? String.fromCharCode(frame.data[0] ?? 0x2e) : "?")).join("");
}

/** Frames' worth of a letter. */
function letters(letter: string, frames: number): Uint8Array {
	return new Uint8Array(frames * FRAME_BYTES).fill(letter.charCodeAt(0));
}

function play(lane: Lane, letter: string, { frames = 1, tag = 0 } = {}): Tape {
	const tape = new Tape("lite-05");
	tape.append(letters(letter, frames).subarray(1));
	tape.finish();
	lane.play(tape, Buffer.from(letter), tag);
	return tape;
}

function lane(solo: Solo, policy: Partial<LanePolicy> = {}): Lane {
	return solo.connection.lane({ ...PATIENT, ...policy }, new LaneLog());
}

test("SendSide sends small frames first, then control streams by priority, then lanes", () => {
	for (const framing of ["webtransport", "qmux-00"] as const) {
		const solo = congested(framing);
		play(lane(solo, { priority: 255 }), "v");
		const [low, high] = [solo.connection.openUni(), solo.connection.openUni()];
		low?.write(letters("l", 1));
		high?.write(letters("h", 1));
		high?.prioritise(5);
		const handle = solo.connection.openBidi(new StreamLog());
		handle?.recv.stop(3);
		solo.settle();
		const frames = solo.drain(10);
		assert.equal(frames[0]?.type, "stop-sending");
		assert.equal(names(frames.slice(1)), "hlv", framing);
	}
});

test("SendSide serves control streams of one priority in turns", () => {
	const solo = congested();
	for (const letter of "abc") solo.connection.openUni()?.write(letters(letter, 3));
	assert.equal(names(solo.drain(9)), "abcabcabc");
});

test("SendSide sends lanes by priority, and by what it is when the pipe has room", () => {
	const solo = congested();
	const [low, high] = [lane(solo, { priority: 1 }), lane(solo, { priority: 2 })];
	play(low, "l", { frames: 4 });
	play(high, "h", { frames: 4 });
	assert.equal(names(solo.drain(2)), "hh");
	low.update({ ...PATIENT, priority: 3 });
	assert.equal(names(solo.drain(9)), "llllhh");
});

test("SendSide sends the newest group first, or the oldest where the lane says so", () => {
	for (const [order, expected] of [
		["newest", "ccbbaa"],
		["oldest", "aabbcc"],
	] as const) {
		const solo = congested();
		const viewer = lane(solo, { order });
		for (const [tag, letter] of ["a", "b", "c"].entries()) play(viewer, letter, { frames: 2, tag });
		assert.equal(names(solo.drain(9)), expected);
	}
});

test("SendSide goes by group numbers, not by when groups came", () => {
	const solo = congested();
	const viewer = lane(solo);
	play(viewer, "c", { frames: 2, tag: 3 });
	play(viewer, "a", { frames: 2, tag: 1 });
	play(viewer, "b", { frames: 2, tag: 2 });
	assert.equal(names(solo.drain(9)), "ccbbaa");
});

test("SendSide lets newer media overtake what was begun", () => {
	const solo = congested();
	const viewer = lane(solo);
	play(viewer, "o", { frames: 4, tag: 1 });
	assert.equal(names(solo.drain(2)), "oo");
	play(viewer, "n", { frames: 2, tag: 2 });
	assert.equal(names(solo.drain(9)), "nnoo");
});

test("SendSide serves lanes of one rank in turns, also when the pipe takes one message at a time", () => {
	for (const messages of [1, 2, 20]) {
		const solo = congested();
		for (const letter of "abc") {
			const viewer = lane(solo);
			play(viewer, letter.toUpperCase(), { frames: 1, tag: 1 });
			play(viewer, letter, { frames: 2, tag: 2 });
		}
		let sent = "";
		while (sent.length < 9) sent += names(solo.drain(messages));
		// The newest groups of all lanes come before older ones of any.
		assert.match(sent, /^([abc])(?!\1)([abc])(?!\1|\2)[abc]\1\2[abc][ABC]{3}$/, `${messages} at a time`);
	}
});

test("SendSide sends what waits in the order of now when the pipe drains", () => {
	const solo = congested();
	const [one, other] = [lane(solo, { priority: 1 }), lane(solo, { priority: 1 })];
	const tape = new Tape("lite-05");
	one.play(tape, Buffer.from("a"), 1);
	tape.append(letters("a", 1).subarray(1));
	play(other, "b");
	assert.equal(names(solo.drain(1)), "a");
	tape.append(letters("a", 1));
	tape.finish();
	assert.equal(names(solo.drain(9)).replaceAll(".", ""), "ba");
});

test("SendSide gives the pipe a tape's own chunks", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		const chunks = [new Uint8Array(5000), new Uint8Array(5000)];
		const tape = new Tape("lite-05");
		lane(solo).play(tape, Uint8Array.of(1), 1);
		lane(solo).play(tape, Uint8Array.of(2), 1);
		for (const chunk of chunks) {
			tape.append(chunk);
			solo.settle();
		}
		const parts = solo.pipe.messages.flat();
		for (const chunk of chunks) assert.equal(parts.filter((part) => part === chunk).length, 2, framing);
	}
});

test("SendSide puts frames of several streams into one record where the framing has records", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		const before = solo.pipe.messages.length;
		for (const letter of "abc") play(lane(solo), letter);
		solo.settle();
		const bytes = 3 * FRAME_BYTES;
		const expected = framing === "qmux-01" || framing === "qmux-02" ? Math.ceil(bytes / 16_382) : 3;
		assert.equal(solo.pipe.messages.length - before, expected, framing);
	}
});

test("SendSide keeps within the peer's credit, of the stream and of all", () => {
	const solo = new Solo({ framing: "qmux-00", peer: { data: 25, streamDataUni: 10 } });
	const streams = ["a", "b", "c"].map((letter) => {
		const send = solo.connection.openUni();
		send?.write(Buffer.from(letter.repeat(20)));
		send?.finish();
		return send;
	});
	assert.equal(streams.length, 3);
	play(lane(solo), "v");
	solo.settle();
	assert.deepEqual(
		[solo.bytesOf(3), solo.bytesOf(7), solo.bytesOf(11)],
		["a".repeat(10), "b".repeat(10), "c".repeat(5)],
	);
	assert.equal(solo.bytesOf(15), "");
	// MAX_STREAM_DATA of one, then MAX_DATA for all.
	solo.receive("110314");
	assert.equal(solo.bytesOf(3).length, 10);
	solo.receive("1028");
	assert.deepEqual([solo.bytesOf(3).length, solo.bytesOf(7).length, solo.bytesOf(11).length], [20, 10, 10]);
	assert.equal(solo.sentOf("stream").filter((frame) => frame.fin).length, 1);
	solo.receive("1028");
	solo.receive("1003");
	solo.receive("104100");
	assert.equal(solo.bytesOf(15), "v".repeat(10));
	assert.deepEqual(solo.sink.ends, []);
});

test("SendSide leaves a FIN that needs no credit to no one", () => {
	const solo = new Solo({ framing: "qmux-00", peer: { data: 5 } });
	const send = solo.connection.openUni();
	send?.write(Buffer.from("12345"));
	solo.settle();
	send?.finish();
	solo.connection.openUni()?.finish();
	solo.settle();
	assert.deepEqual(
		solo.sentOf("stream").map(({ id, data, fin }) => [id, data.length, fin]),
		[
			[3, 5, false],
			[3, 0, true],
			[7, 0, true],
		],
	);
});

test("SendSide gives streams to control before lanes when the peer allows few", () => {
	const solo = new Solo({ framing: "qmux-00", peer: { streamsUni: 1 } });
	play(lane(solo, { priority: 200 }), "a", { tag: 1 });
	solo.settle();
	play(lane(solo, { priority: 200 }), "b", { tag: 1 });
	solo.connection.openUni()?.write(letters("c", 1));
	solo.settle();
	assert.equal(names(solo.sentOf("stream")), "a");
	solo.receive("1302");
	assert.equal(names(solo.sentOf("stream")), "ac");
	solo.receive("1303");
	assert.equal(names(solo.sentOf("stream")), "acb");
});

test("SendStream.write() tells when more than the bound waits, and takes the bytes", () => {
	const solo = congested();
	const send = solo.connection.openUni();
	assert.equal(send?.write(new Uint8Array(1024 * 1024)), true);
	assert.equal(send?.write(new Uint8Array(1)), false);
	send?.reset(0);
	assert.equal(send?.write(new Uint8Array(1)), true);
});

/** The data of one full frame; less than a message, so that its FIN is with it. */
const FRAME_BYTES = 16_352;
