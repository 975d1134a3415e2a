import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { encodeBlocked } from "./blocked.ts";
import { encodeClose } from "./close.ts";
import { encodeDatagramHeader } from "./datagram.ts";
import { hasFlowControl, hasRecords, type MuxFraming } from "./framing.ts";
import { encodeMaxData, encodeMaxStreamData, encodeMaxStreams } from "./max.ts";
import { decodeMuxMessage, type MuxFrame } from "./message.ts";
import { encodePing } from "./ping.ts";
import { encodeResetStream } from "./reset-stream.ts";
import { encodeStopSending } from "./stop-sending.ts";
import { encodeStreamHeader } from "./stream.ts";
import { DEFAULT_TRANSPORT_PARAMETERS, encodeTransportParameters } from "./transport-parameters.ts";

const FRAMINGS: readonly MuxFraming[] = ["webtransport", "qmux-00", "qmux-01", "qmux-02"];

test("decodeMuxMessage() reads back every frame of every framing", () => {
	for (const framing of FRAMINGS) {
		fc.assert(
			fc.property(frames(framing), (frame) => {
				assert.deepEqual(plain(decodeMuxMessage(encode(frame, framing), framing)), plain([frame]));
			}),
		);
	}
});

test("decodeMuxMessage() reads a record of several frames, padding between them", () => {
	for (const framing of ["qmux-01", "qmux-02"] as const) {
		fc.assert(
			fc.property(fc.array(frames(framing), { minLength: 1, maxLength: 8 }), (list) => {
				// A close ends its record, so it may only come last.
				const record = list.filter((frame) => frame.type !== "close");
				const bytes = join(record.flatMap((frame) => [encode(frame, framing), new Uint8Array(2)]));
				if (bytes.length > 0) assert.deepEqual(plain(decodeMuxMessage(bytes, framing)), plain(record));
			}),
		);
	}
});

test("decodeMuxMessage() rejects every truncation of a frame that says how long it is", () => {
	for (const framing of FRAMINGS) {
		fc.assert(
			fc.property(frames(framing), (frame) => {
				if (endsWithMessage(frame, framing)) return;
				const bytes = encode(frame, framing);
				for (let end = 0; end < bytes.length; end++) {
					assert.throws(() => decodeMuxMessage(bytes.subarray(0, end), framing), Malformed, `${framing} ${end}`);
				}
			}),
		);
	}
});

test("decodeMuxMessage() either reads or throws Malformed, whatever comes", () => {
	for (const framing of FRAMINGS) {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
				try {
					decodeMuxMessage(bytes, framing);
				} catch (error) {
					assert.ok(error instanceof Malformed);
				}
			}),
		);
	}
});

test("decodeMuxMessage() rejects lengths beyond the message before it takes anything", () => {
	for (const hex of [
		"0a00ffffffffffffffff",
		"0a00bfffffff00",
		"1d00bfffffff00",
		"3180010000",
		"ff5153300d0a0d0abfffffff00",
	]) {
		assert.throws(() => decodeMuxMessage(Buffer.from(hex, "hex"), "qmux-01"), Malformed, hex);
	}
});

test("decodeMuxMessage() rejects frames that the framing does not have", () => {
	const cases: readonly (readonly [MuxFraming, string])[] = [
		["webtransport", "0a0000"],
		["webtransport", "1000"],
		["webtransport", ""],
		["webtransport", "04000000"],
		["webtransport", "05000000"],
		["qmux-00", "3000"],
		["qmux-00", "310100"],
		["qmux-01", "2400000000"],
		["qmux-02", ""],
		["qmux-02", "3f"],
		["qmux-02", "2400000506"],
		["qmux-02", "01"],
	];
	for (const [framing, hex] of cases) {
		assert.throws(() => decodeMuxMessage(Buffer.from(hex, "hex"), framing), Malformed, `${framing} ${hex}`);
	}
});

test("decodeMuxMessage() reads STREAM with and without offset and length, as old clients send it", () => {
	const read = (hex: string, framing: MuxFraming): unknown => plain(decodeMuxMessage(Buffer.from(hex, "hex"), framing));
	const frame = { type: "stream", id: 4, offset: undefined, data: "abcd", fin: false };
	assert.deepEqual(read("0a0402abcd", "qmux-00"), [frame]);
	assert.deepEqual(read("0804abcd", "qmux-01"), [frame]);
	assert.deepEqual(read("0d0407abcd", "qmux-02"), [{ ...frame, offset: 7, fin: true }]);
	assert.deepEqual(read("0804abcd", "webtransport"), [frame]);
	assert.deepEqual(read("0904", "webtransport"), [{ ...frame, data: "", fin: true }]);
});

test("decodeMuxMessage() reads RESET_STREAM_AT in qmux-02", () => {
	assert.deepEqual(decodeMuxMessage(Buffer.from("2404060503", "hex"), "qmux-02"), [
		{ type: "reset-stream", id: 4, code: 6, finalSize: 5, reliableSize: 3 },
	]);
});

test("decodeMuxMessage() cuts limits above 2^53-1", () => {
	assert.deepEqual(decodeMuxMessage(Buffer.from("10ffffffffffffffff", "hex"), "qmux-01"), [
		{ type: "max-data", max: Number.MAX_SAFE_INTEGER },
	]);
});

test("encodeClose() of an empty reason is read by clients that expect a frame type and by those that do not", () => {
	const bytes = encodeClose({ application: true, code: 0, reason: "" }, "qmux-01");
	assert.equal(Buffer.from(bytes).toString("hex"), "1d000000");
	const close = { type: "close", application: true, code: 7, reason: "" };
	for (const hex of ["1d0700", "1d070000"]) {
		assert.deepEqual(decodeMuxMessage(Buffer.from(hex, "hex"), "qmux-01"), [close], hex);
	}
	assert.deepEqual(decodeMuxMessage(Buffer.from("1d0700036f6464", "hex"), "qmux-00"), [{ ...close, reason: "odd" }]);
	assert.deepEqual(decodeMuxMessage(Buffer.from("1d07036f6464", "hex"), "qmux-00"), [{ ...close, reason: "odd" }]);
});

function frames(framing: MuxFraming): fc.Arbitrary<MuxFrame> {
	const integer = fc.oneof(fc.nat(100), fc.nat(100_000), fc.maxSafeNat());
	const bytes = fc.uint8Array({ maxLength: 40 });
	const flow = hasFlowControl(framing);
	const all: fc.Arbitrary<MuxFrame>[] = [
		fc.record({
			type: fc.constant("stream" as const),
			id: integer,
			offset: flow ? integer : fc.constant(undefined),
			data: bytes,
			fin: fc.boolean(),
		}),
		fc.record({
			type: fc.constant("reset-stream" as const),
			id: integer,
			code: integer,
			finalSize: flow ? integer : fc.constant(0),
			reliableSize: fc.constant(undefined),
		}),
		fc.record({ type: fc.constant("stop-sending" as const), id: integer, code: integer }),
		fc.record({
			type: fc.constant("close" as const),
			application: fc.boolean(),
			code: integer,
			reason: fc.string({ unit: "grapheme", maxLength: 20 }),
		}),
	];
	if (flow) all.push(...flowFrames(integer));
	if (hasRecords(framing)) {
		all.push(bytes.map((payload) => ({ type: "datagram", payload, frameBytes: 2 + payload.length })));
	}
	return fc.oneof(...all);
}

function flowFrames(integer: fc.Arbitrary<number>): fc.Arbitrary<MuxFrame>[] {
	const kind = fc.constantFrom("bidi" as const, "uni" as const);
	const sequence = fc.oneof(integer, fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n - 1n }));
	return [
		fc.record({ type: fc.constant("max-data" as const), max: integer }),
		fc.record({ type: fc.constant("max-stream-data" as const), id: integer, max: integer }),
		fc.record({ type: fc.constant("max-streams" as const), kind, max: integer }),
		fc.record({
			type: fc.constant("blocked" as const),
			by: fc.constantFrom("data" as const, "streams-bidi" as const, "streams-uni" as const),
			id: fc.constant(undefined),
			limit: integer,
		}),
		fc.record({
			type: fc.constant("blocked" as const),
			by: fc.constant("stream-data" as const),
			id: integer,
			limit: integer,
		}),
		fc.record({ type: fc.constant("ping" as const), response: fc.boolean(), sequence }),
		fc
			.record({
				idleMs: integer,
				data: integer,
				streamsUni: integer,
				recordBytes: integer,
				resetStreamAt: fc.boolean(),
			})
			.map((some) => ({ type: "transport-parameters", parameters: { ...DEFAULT_TRANSPORT_PARAMETERS, ...some } })),
	];
}

function encode(frame: MuxFrame, framing: MuxFraming): Uint8Array {
	switch (frame.type) {
		case "stream": {
			const { id, data, fin } = frame;
			const header = encodeStreamHeader({ id, offset: frame.offset ?? 0, length: data.length, fin }, framing);
			return join([header, data]);
		}
		case "reset-stream":
			return encodeResetStream(frame, framing);
		case "stop-sending":
			return encodeStopSending(frame);
		case "max-data":
			return encodeMaxData(frame.max);
		case "max-stream-data":
			return encodeMaxStreamData(frame);
		case "max-streams":
			return encodeMaxStreams(frame);
		case "blocked":
			return encodeBlocked(frame);
		case "close":
			return encodeClose(frame, framing);
		case "ping":
			return encodePing(frame);
		case "transport-parameters":
			return encodeTransportParameters(frame.parameters);
		case "datagram":
			return join([encodeDatagramHeader(frame.payload.length), frame.payload]);
	}
}

/** Whether a shorter message may be a whole frame too. */
function endsWithMessage(frame: MuxFrame, framing: MuxFraming): boolean {
	if (frame.type === "close") return !hasFlowControl(framing) || (frame.application && frame.reason === "");
	return frame.type === "stream" && !hasFlowControl(framing);
}

function plain(list: readonly MuxFrame[]): unknown {
	const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
	return list.map((frame) => {
		if (frame.type === "stream") return { ...frame, data: hex(frame.data) };
		return frame.type === "datagram" ? { ...frame, payload: hex(frame.payload) } : { ...frame };
	});
}

function join(parts: readonly Uint8Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(parts));
}
