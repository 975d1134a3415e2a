import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { encodePing, encodeStopSending, type MuxFraming } from "@moq-relay/wire";
import { READ_AHEAD_BYTES, SESSION_READ_AHEAD_BYTES } from "../limits.ts";
import type { BidiStream, ConnectionSink, RecvStream } from "../transport.ts";
import { FRAMINGS, GENEROUS, parameters, SinkLog, Solo, StreamLog } from "./fixture.test.ts";
import { IDLE_MS, LOCAL_STREAMS_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import { MuxConnection } from "./mux-connection.ts";

test("MuxConnection sends its transport parameters first, and only what the framing has", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing, peer: undefined });
		const [first, ...more] = solo.sent;
		assert.deepEqual(more, []);
		if (framing === "webtransport") assert.equal(first, undefined);
		else {
			assert.deepEqual(first?.type === "transport-parameters" && first.parameters, {
				idleMs: framing === "qmux-00" ? 0 : IDLE_MS,
				data: SESSION_READ_AHEAD_BYTES,
				streamDataBidiLocal: READ_AHEAD_BYTES,
				streamDataBidiRemote: READ_AHEAD_BYTES,
				streamDataUni: READ_AHEAD_BYTES,
				streamsBidi: 2048,
				streamsUni: 2048,
				datagramFrameBytes: framing === "qmux-00" ? 0 : RECORD_BYTES_MAX,
				recordBytes: RECORD_BYTES_MAX,
				resetStreamAt: framing === "qmux-02",
				applicationProtocols: undefined,
			});
		}
	}
});

test("MuxConnection opens no stream before the peer's parameters, then those that wait, in order", () => {
	const solo = new Solo({ peer: undefined, server: false });
	for (const text of ["a", "b"]) {
		const handle = solo.connection.openBidi(new StreamLog());
		handle?.send.write(Buffer.from(text));
		handle?.send.finish();
	}
	solo.settle();
	assert.equal(solo.sentOf("stream").length, 0);
	solo.receive(parameters({ streamsBidi: 1 }));
	assert.deepEqual([solo.bytesOf(0), solo.bytesOf(4)], ["a", ""]);
	solo.receive("1202");
	assert.deepEqual([solo.bytesOf(0), solo.bytesOf(4)], ["a", "b"]);
});

test("MuxConnection.info tells the datagram size once the peer's parameters are there", () => {
	const solo = new Solo({ peer: undefined });
	assert.equal(solo.connection.info.datagramBytesMax, 0);
	solo.receive(parameters({ datagramFrameBytes: 1000 }));
	assert.equal(solo.connection.info.datagramBytesMax, 997);
	assert.equal(new Solo({ framing: "qmux-00" }).connection.info.datagramBytesMax, 0);
});

test("MuxConnection tells events of its owner's calls at once, and those of core's calls in a later turn", () => {
	const solo = new Solo();
	solo.stream(0, "hello", true);
	const [entry] = solo.sink.bidis;
	assert.equal(entry?.log.text, "hello");
	assert.equal(entry?.log.finished, true);
	solo.connection.close(7, "enough");
	assert.deepEqual(solo.sink.ends, []);
	solo.settle();
	assert.deepEqual(solo.sink.ends, [{ code: 7, reason: "enough", by: "local" }]);
});

test("MuxConnection.accept() lets events wait that came before", () => {
	const clock = new VirtualClock();
	const { pipe } = new Solo();
	const info = { ...new Solo().connection.info, server: true };
	const connection = new MuxConnection(pipe, { framing: "webtransport", clock, info });
	connection.receive(Buffer.from("09026869", "hex"));
	const sink = new SinkLog();
	connection.accept(sink);
	assert.equal(sink.unis.length, 0);
	clock.run(0);
	assert.equal(sink.unis[0]?.log.text, "hi");
	assert.equal(sink.unis[0]?.log.finished, true);
});

test("MuxConnection refuses a stream whose sink was not set", () => {
	const solo = new Solo();
	solo.sink.onBidi = () => {};
	solo.stream(0, "hello");
	solo.settle();
	assert.deepEqual(solo.sentOf("stop-sending"), [{ type: "stop-sending", id: 0, code: 0 }]);
	assert.equal(solo.sentOf("reset-stream")[0]?.id, 0);
});

test("MuxConnection goes on after a sink that throws", () => {
	const solo = new Solo();
	const accept = solo.sink.onUni.bind(solo.sink);
	solo.sink.onUni = (stream) => {
		accept(stream);
		throw new TypeError("a bug above");
	};
	assert.throws(() => solo.stream(2, "hello", true), TypeError);
	solo.settle();
	assert.equal(solo.sink.unis[0]?.log.text, "hello");
	solo.sink.onUni = accept;
	solo.stream(6, "again", true);
	assert.equal(solo.sink.unis[1]?.log.text, "again");
});

test("MuxConnection.close() inside an event is the last that core hears of the message", () => {
	const solo = new Solo();
	const accept = solo.sink.onUni.bind(solo.sink);
	solo.sink.onUni = (stream) => {
		accept(stream);
		solo.connection.close(1, "");
	};
	solo.receive("0b020161", "0b060162");
	assert.equal(solo.sink.unis.length, 1);
	assert.equal(solo.sink.unis[0]?.log.text, "");
	assert.deepEqual(solo.sink.ends, [{ code: 1, reason: "", by: "local" }]);
});

test("MuxConnection keeps to its own code when the peer stops what core has just reset", () => {
	const solo = new Solo();
	solo.stream(0, "ask");
	solo.sink.bidis[0]?.stream.send.write(Buffer.from("answer"));
	solo.sink.bidis[0]?.stream.send.reset(5);
	solo.receive(encodeStopSending({ id: 0, code: 9 }));
	solo.settle();
	assert.deepEqual(solo.sink.bidis[0]?.stops, []);
	assert.deepEqual(
		solo.sentOf("reset-stream").map(({ code }) => code),
		[5],
	);
});

test("MuxConnection bounds the streams that it has open itself where the peer sets no limit", () => {
	const solo = new Solo({ framing: "webtransport" });
	const streams = Array.from({ length: LOCAL_STREAMS_MAX + 2 }, () => solo.connection.openUni());
	for (const stream of streams) stream?.write(Uint8Array.of(1));
	solo.settle();
	assert.equal(solo.connection.openStreams, LOCAL_STREAMS_MAX);
	assert.equal(solo.sentOf("stream").length, LOCAL_STREAMS_MAX);
	streams[7]?.finish();
	solo.settle();
	assert.equal(solo.connection.openStreams, LOCAL_STREAMS_MAX);
	assert.equal(solo.bytesOf(4 * LOCAL_STREAMS_MAX + 3), "\u0001");
});

test("MuxConnection.close() sends what was written, then the close, and nothing after", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		const send = solo.connection.openUni();
		send?.write(Buffer.from("last words"));
		solo.connection.close(6, "no\u0000 entry");
		send?.write(Buffer.from("too late"));
		solo.receive(framing === "webtransport" ? "0902ff" : "0b0201ff");
		solo.settle();
		assert.deepEqual(solo.sent.at(-1), { type: "close", application: true, code: 6, reason: "no  entry" });
		assert.equal(solo.bytesOf(3), "last words");
		assert.deepEqual(solo.pipe.closed, { code: 1000, reason: "" });
		assert.deepEqual(solo.sink.ends, [{ code: 6, reason: "no  entry", by: "local" }]);
		assert.deepEqual(solo.sink.unis, []);
		assert.equal(solo.connection.openUni(), undefined);
		assert.equal(solo.connection.openBidi(new StreamLog()), undefined);
		assert.equal(solo.connection.openStreams, 0);
	}
});

test("MuxConnection takes a close of the peer, with and without a frame", () => {
	const cases: readonly (readonly [string, (solo: Solo) => void, object])[] = [
		["application", (solo) => solo.receive("1d06026f6b"), { code: 6, reason: "ok", by: "remote" }],
		["old form", (solo) => solo.receive("1d0600026f6b"), { code: 6, reason: "ok", by: "remote" }],
		[
			"transport",
			(solo) => solo.receive("1c43ea0003626164"),
			{ code: 4, reason: "peer met a transport error 1002: bad", by: "remote" },
		],
		["socket", (solo) => solo.connection.pipeClosed(1001, ""), { code: 0, reason: "", by: "remote" }],
		[
			"loss",
			(solo) => solo.connection.pipeClosed(1006, ""),
			{ code: 4, reason: "pipe closed with 1006", by: "transport" },
		],
	];
	for (const [title, act, end] of cases) {
		const solo = new Solo();
		act(solo);
		solo.connection.pipeClosed(1000, "");
		solo.settle();
		assert.deepEqual(solo.sink.ends, [end], title);
	}
});

test("MuxConnection.refuse() tells the peer why, and core", () => {
	const solo = new Solo();
	solo.connection.refuse(1003, "binary messages only");
	assert.deepEqual(solo.sent.at(-1), {
		type: "close",
		application: false,
		code: 1003,
		reason: "binary messages only",
	});
	assert.deepEqual(solo.pipe.closed, { code: 1003, reason: "binary messages only" });
	assert.deepEqual(solo.sink.ends, [{ code: 15, reason: "binary messages only", by: "transport" }]);
});

test("MuxConnection closes with 1002 on everything that breaks the framing", () => {
	for (const [framing, title, messages] of VIOLATIONS) {
		const solo = new Solo({ framing });
		assert.equal(solo.sink.ends.length, 0, title);
		for (const message of messages) solo.receive(message);
		assert.equal(solo.sink.ends.length, 1, `${framing} ${title}`);
		assert.equal(solo.sink.ends[0]?.by, "transport", title);
		assert.equal(solo.pipe.closed?.code, 1002, title);
		const last = solo.sent.at(-1);
		if (framing === "webtransport") assert.notEqual(last?.type, "close");
		else assert.deepEqual(last, { type: "close", application: false, code: 1002, reason: solo.sink.ends[0]?.reason });
		solo.receive("0b0200");
		assert.equal(solo.connection.openStreams, 0);
	}
});

test("MuxConnection takes what old clients send and drafts do not forbid", () => {
	const solo = new Solo({ framing: "qmux-01", peer: undefined });
	// A stream before the parameters, parameters twice, data without offsets, and a final size of 0.
	solo.receive("0a02026869");
	solo.receive(parameters());
	solo.receive(parameters({ streamsUni: 2 ** 20, datagramFrameBytes: 100 }));
	assert.equal(solo.connection.info.datagramBytesMax, 16_379);
	solo.receive("0a02022121");
	solo.receive("04020700");
	assert.equal(solo.sink.unis[0]?.log.text, "hi!!");
	assert.equal(solo.sink.unis[0]?.log.resetCode, 7);
	assert.deepEqual(solo.sink.ends, []);
});

test("MuxConnection gives core what came before a violation, then the end", () => {
	const solo = new Solo();
	const seen: string[] = [];
	const sink: Partial<ConnectionSink> = {
		onUni: (stream: RecvStream) => {
			stream.accept({ onData: () => seen.push("data"), onReset: () => seen.push("reset") });
		},
		onEnd: () => seen.push("end"),
	};
	Object.assign(solo.sink, sink);
	solo.receive("0b020161");
	solo.receive("0a060162", "0a0a0163", "3f");
	assert.deepEqual(seen, ["data", "end"]);
});

test("MuxConnection counts bytes both ways", () => {
	const solo = new Solo();
	const before = solo.connection.stats();
	solo.stream(2, "12345");
	assert.equal(solo.connection.stats().bytesReceived - before.bytesReceived, 4 + 5);
	assert.equal(
		solo.connection.stats().bytesSent,
		solo.pipe.messages.flat().reduce((sum, part) => sum + part.length, 0),
	);
});

test("MuxConnection answers STOP_SENDING with a reset at the size sent, once", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		solo.stream(0, "ask");
		const stream = solo.sink.bidis[0]?.stream as BidiStream;
		stream.send.write(Buffer.from("answer"));
		solo.settle();
		solo.receive(encodeStopSending({ id: 0, code: 9 }));
		solo.receive(encodeStopSending({ id: 0, code: 9 }));
		stream.send.write(Buffer.from("more"));
		stream.send.reset(1);
		solo.settle();
		assert.deepEqual(solo.sink.bidis[0]?.stops, [9]);
		const finalSize = framing === "webtransport" ? 0 : 6;
		assert.deepEqual(solo.sentOf("reset-stream"), [
			{ type: "reset-stream", id: 0, code: 9, finalSize, reliableSize: undefined },
		]);
	}
});

/** Framing, what is wrong, and messages of which the last is wrong; a server with the peer's parameters gets them. */
const VIOLATIONS: readonly (readonly [MuxFraming, string, readonly (string | Uint8Array)[]])[] = [
	...FRAMINGS.flatMap((framing): (readonly [MuxFraming, string, readonly string[]])[] => [
		[framing, "empty message", [""]],
		[framing, "frame cut short", ["0402"]],
		[framing, "unknown frame", ["3f"]],
		[framing, "data on a stream that only we send on", ["0903"]],
		[framing, "data on a stream that we never opened", ["0901"]],
		[framing, "stop of a stream that only the peer sends on", ["050200"]],
		[framing, "stop of a stream that we never opened", ["050100"]],
	]),
	["webtransport", "stream far ahead", ["098000f0000000"]],
	["webtransport", "message above the bound", [new Uint8Array(1024 * 1024 + 1).fill(8)]],
	["qmux-00", "message above the bound", [new Uint8Array(16_385).fill(8)]],
	["qmux-01", "record above the bound", [new Uint8Array(16_383)]],
	["qmux-01", "data out of order", ["0e02000161", "0e02020163"]],
	["qmux-01", "data again", ["0e02000161", "0e02000161"]],
	["qmux-01", "stream limit", ["0a8000200200"]],
	["qmux-01", "final size beyond the stream's credit", ["04020080040001"]],
	["qmux-01", "credit for a stream that only the peer sends on", ["110205"]],
	["qmux-01", "RESET_STREAM_AT, which we did not offer", ["2402000505"]],
	["qmux-00", "datagram, which we did not offer", ["3000"]],
	["qmux-02", "RESET_STREAM_AT beyond the end", ["2402000506"]],
	["qmux-02", "parameters twice", [parameters()]],
	["qmux-02", "ping sequence that repeats", [3, 3].map((sequence) => encodePing({ response: false, sequence }))],
	["qmux-02", "answer to no ping", [encodePing({ response: true, sequence: 0 })]],
];

test("MuxConnection holds qmux-02 to parameters first", () => {
	const solo = new Solo({ framing: "qmux-02", peer: undefined });
	solo.receive("0a0200");
	assert.equal(solo.pipe.closed?.code, 1002);
});

test("MuxConnection refuses impossible parameters", () => {
	const bad: readonly Parameters<typeof parameters>[0][] = [
		{ recordBytes: 16_381 },
		{ applicationProtocols: new Uint8Array(3) },
	];
	for (const some of bad) {
		const solo = new Solo({ peer: undefined });
		solo.receive(parameters(some));
		assert.equal(solo.pipe.closed?.code, 1002);
	}
	const limits = new Solo({ framing: "qmux-00", peer: { ...GENEROUS, recordBytes: 100 } });
	assert.equal(limits.pipe.closed, undefined);
});
