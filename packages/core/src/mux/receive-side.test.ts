import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeResetStream } from "@moq-relay/wire";
import { READ_AHEAD_BYTES, SESSION_READ_AHEAD_BYTES } from "../limits.ts";
import { FRAMINGS, Solo, StreamLog } from "./fixture.test.ts";
import { PAUSE_BYTES, RESUME_BYTES } from "./limits.ts";

test("ReceiveSide gives credit back in halves of the window, for what core is done with", () => {
	const solo = new Solo({ framing: "qmux-00" });
	const half = READ_AHEAD_BYTES / 2;
	solo.fill(2, READ_AHEAD_BYTES);
	const recv = solo.sink.unis[0]?.stream;
	recv?.consumed(half - 1);
	solo.settle();
	assert.deepEqual(solo.sentOf("max-stream-data"), []);
	recv?.consumed(1);
	solo.settle();
	assert.deepEqual(solo.sentOf("max-stream-data"), [{ type: "max-stream-data", id: 2, max: READ_AHEAD_BYTES + half }]);
	assert.deepEqual(solo.sentOf("max-data"), []);
	solo.fill(2, half);
	assert.equal(solo.sink.unis[0]?.log.byteLength, READ_AHEAD_BYTES + half);
});

test("ReceiveSide closes on a byte beyond a stream's credit", () => {
	const solo = new Solo({ framing: "qmux-00" });
	solo.fill(2, READ_AHEAD_BYTES);
	assert.equal(solo.sink.ends.length, 0);
	solo.stream(2, "x");
	assert.equal(solo.pipe.closed?.code, 1002);
	assert.equal(solo.sink.ends[0]?.reason, `flow control: ${READ_AHEAD_BYTES + 1} bytes of ${READ_AHEAD_BYTES}`);
});

test("ReceiveSide closes on a byte beyond the session's credit, and counts finished streams as long as core holds them", () => {
	const solo = new Solo({ framing: "qmux-00" });
	const streams = SESSION_READ_AHEAD_BYTES / READ_AHEAD_BYTES;
	for (let index = 0; index < streams; index++) solo.fill(2 + 4 * index, READ_AHEAD_BYTES, true);
	assert.equal(solo.connection.openStreams, 0);
	solo.stream(2 + 4 * streams, "x");
	assert.equal(solo.pipe.closed?.code, 1002);
});

test("ReceiveSide takes credit for a finished stream back when core is done, once", () => {
	const solo = new Solo({ framing: "qmux-00" });
	const streams = SESSION_READ_AHEAD_BYTES / READ_AHEAD_BYTES;
	for (let index = 0; index < streams; index++) solo.fill(2 + 4 * index, READ_AHEAD_BYTES, true);
	for (const { stream } of solo.sink.unis.slice(0, streams / 2)) {
		stream.consumed(READ_AHEAD_BYTES);
		stream.consumed(READ_AHEAD_BYTES);
	}
	solo.settle();
	assert.deepEqual(solo.sentOf("max-data"), [{ type: "max-data", max: 1.5 * SESSION_READ_AHEAD_BYTES }]);
});

test("ReceiveSide takes the credit of stopped and reset streams back by itself, the gap to the final size too", () => {
	const solo = new Solo({ framing: "qmux-00" });
	const half = SESSION_READ_AHEAD_BYTES / 2;
	const each = READ_AHEAD_BYTES / 2;
	for (let sent = 0, id = 2; sent < half; sent += 2 * each, id += 8) {
		solo.fill(id, each);
		solo.fill(id + 4, each / 2);
		solo.sink.unis.at(-2)?.stream.stop(1);
		solo.receive(encodeResetStream({ id: id + 4, code: 3, finalSize: each }, solo.framing));
		solo.sink.unis.at(-1)?.stream.consumed(each);
	}
	solo.settle();
	assert.equal(solo.sentOf("max-data")[0]?.max, half + SESSION_READ_AHEAD_BYTES);
	assert.equal(solo.sink.ends.length, 0);
});

test("ReceiveSide discards what comes after stop(), and keeps the stream until the peer ends it", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		solo.stream(2, "one");
		const { stream, log } = solo.sink.unis[0] ?? assert.fail("no stream");
		stream.stop(9);
		stream.stop(10);
		solo.stream(2, "two");
		solo.settle();
		assert.deepEqual(solo.sentOf("stop-sending"), [{ type: "stop-sending", id: 2, code: 9 }]);
		assert.equal(solo.connection.openStreams, 1);
		solo.receive(encodeResetStream({ id: 2, code: 9, finalSize: 6 }, framing));
		// In flight when it was stopped: it must not come back to life.
		solo.stream(2, "three");
		assert.equal(log.text, "one");
		assert.equal(log.resetCode, undefined);
		assert.equal(solo.sink.unis.length, 1);
		assert.equal(solo.connection.openStreams, 0);
	}
});

test("ReceiveSide tells nothing after stop(), not even what had come", () => {
	const solo = new Solo();
	solo.sink.onUni = (stream) => {
		const log = new StreamLog();
		stream.accept(log);
		solo.sink.unis.push({ stream, log });
		stream.stop(0);
	};
	solo.stream(2, "hello", true);
	solo.settle();
	assert.deepEqual(solo.sink.unis[0]?.log.chunks, []);
	// FIN had come, so the peer need not hear.
	assert.deepEqual(solo.sentOf("stop-sending"), []);
	assert.equal(solo.connection.openStreams, 0);
});

test("ReceiveSide lets the peer open new streams as old ones end", () => {
	const solo = new Solo({ framing: "qmux-01", streamsMax: 10 });
	for (let index = 0; index < 4; index++) solo.stream(2 + 4 * index, "x", true);
	assert.deepEqual(solo.sentOf("max-streams"), []);
	solo.stream(2 + 4 * 4, "x", true);
	assert.deepEqual(solo.sentOf("max-streams"), [{ type: "max-streams", kind: "uni", max: 15 }]);
	solo.stream(2 + 4 * 14, "x", true);
	assert.equal(solo.sink.ends.length, 0);
	solo.stream(2 + 4 * 16, "x", true);
	assert.equal(solo.pipe.closed?.code, 1002);
});

test("ReceiveSide counts a bidirectional stream until both its halves are over", () => {
	const solo = new Solo({ framing: "qmux-01", streamsMax: 2 });
	solo.stream(0, "x", true);
	assert.equal(solo.connection.openStreams, 1);
	solo.sink.bidis[0]?.stream.send.finish();
	solo.settle();
	assert.equal(solo.connection.openStreams, 0);
	assert.deepEqual(solo.sentOf("max-streams"), [{ type: "max-streams", kind: "bidi", max: 3 }]);
});

test("ReceiveSide takes streams that show up out of order", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		solo.stream(10, "late", true);
		solo.stream(2, "early", true);
		solo.stream(2, "again");
		solo.stream(6, "between", true);
		assert.deepEqual(
			solo.sink.unis.map(({ log }) => log.text),
			["late", "early", "between"],
			framing,
		);
	}
});

test("ReceiveSide shows a stream that is reset before its first byte", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		solo.receive(encodeResetStream({ id: 2, code: 13, finalSize: 0 }, framing));
		solo.receive(encodeResetStream({ id: 0, code: 14, finalSize: 0 }, framing));
		solo.receive(encodeResetStream({ id: 0, code: 14, finalSize: 0 }, framing));
		assert.equal(solo.sink.unis[0]?.log.resetCode, 13);
		assert.equal(solo.sink.bidis[0]?.log.resetCode, 14);
		assert.equal(solo.sink.bidis.length, 1);
	}
});

test("ReceiveSide holds the peer's pipe, in the framing without credit, until core is done", () => {
	const solo = new Solo({ framing: "webtransport" });
	solo.fill(2, PAUSE_BYTES);
	assert.equal(solo.pipe.paused, false);
	const { stream, log } = solo.sink.unis[0] ?? assert.fail("no stream");
	assert.equal(log.byteLength, READ_AHEAD_BYTES);
	solo.stream(2, "!", true);
	assert.equal(solo.pipe.paused, true);
	// Credit brings what is held, no more than it covers.
	stream.consumed(1000);
	solo.settle();
	assert.equal(log.byteLength, READ_AHEAD_BYTES + 1000);
	assert.equal(log.finished, false);
	while (!log.finished) {
		const before = log.byteLength;
		stream.consumed(READ_AHEAD_BYTES);
		solo.settle();
		assert.ok(log.byteLength > before);
		if (PAUSE_BYTES + 1 - before < RESUME_BYTES) assert.equal(solo.pipe.paused, false);
	}
	assert.equal(log.byteLength, PAUSE_BYTES + 1);
	assert.equal(log.text.at(-1), "!");
	stream.consumed(READ_AHEAD_BYTES);
	assert.equal(solo.pipe.paused, false);
});

test("ReceiveSide closes, in the framing without credit, when the carrier does not hold the peer up", () => {
	const solo = new Solo({ framing: "webtransport" });
	for (let index = 0; index < 4; index++) solo.fill(2 + 4 * index, SESSION_READ_AHEAD_BYTES / 4);
	assert.equal(solo.sink.ends.length, 0);
	solo.stream(2, "x");
	assert.equal(solo.pipe.closed?.code, 1002);
	assert.equal(solo.sink.ends[0]?.code, 11);
});

test("ReceiveSide drops what it holds of a stream that is stopped or reset, in the framing without credit", () => {
	const solo = new Solo({ framing: "webtransport" });
	solo.fill(2, PAUSE_BYTES / 2 + 1);
	solo.fill(6, PAUSE_BYTES / 2 + 1);
	assert.equal(solo.pipe.paused, true);
	solo.sink.unis[0]?.stream.stop(0);
	solo.receive(encodeResetStream({ id: 6, code: 1, finalSize: 0 }, solo.framing));
	assert.equal(solo.pipe.paused, false);
	assert.equal(solo.sink.unis[1]?.log.resetCode, 1);
	assert.equal(solo.sink.unis[1]?.log.byteLength, READ_AHEAD_BYTES);
});

test("ReceiveSide closes on a peer that makes it answer and does not read", () => {
	const solo = new Solo({ framing: "webtransport" });
	solo.pipe.room = 0;
	solo.sink.onUni = () => {};
	let index = 0;
	for (; solo.pipe.closed === undefined && index < 200_000; index++) {
		solo.stream(2 + 4 * index, "x");
		solo.receive(encodeResetStream({ id: 2 + 4 * index, code: 0, finalSize: 0 }, solo.framing));
	}
	assert.ok(index < 200_000);
	assert.equal(solo.sink.ends[0]?.reason, "peer does not read");
});
