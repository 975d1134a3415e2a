/**
 * Cells without a network: ns per call of what runs for every frame, group or subscription.
 * @module
 */
import { Tape } from "@moq-relay/core";
import { encodeFrameHeader, encodeVarint, FrameReader } from "@moq-relay/wire";
import { median } from "./statistics.ts";

/** Calls of one measurement, and measurements of which the middle one counts. */
const CALLS = 20_000;
const SAMPLES = 15;
/** Viewers of the fan-out in memory. */
const SINKS = 64;
const FRAME_BYTES = [64, 1200, 4000] as const;

/** Run them all; a line each. */
export function micro(): string[] {
	const lines = [line("encode a varint", () => encodeVarint(123_456))];
	for (const bytes of FRAME_BYTES) {
		const header = encodeFrameHeader({ size: bytes, timestampDelta: 16_667 }, "lite-05");
		const frame = new Uint8Array(header.byteLength + bytes);
		frame.set(header);
		lines.push(
			line(`encode the header of a frame of ${bytes} B`, () =>
				encodeFrameHeader({ size: bytes, timestampDelta: 16_667 }, "lite-05"),
			),
			line(`parse a frame of ${bytes} B`, parser(frame)),
			line(`append a frame of ${bytes} B to a tape with ${SINKS} sinks`, appender(frame)),
		);
	}
	return lines;
}

/** Parses frame after frame; a fresh reader from time to time, as a group would bring it. */
function parser(frame: Uint8Array): () => void {
	const sink = { onFrame: () => {}, onPayload: () => {}, onFrameEnd: () => {} };
	let reader = new FrameReader("lite-05", sink);
	return () => {
		if (reader.frames === 60) reader = new FrameReader("lite-05", sink);
		reader.push(frame);
	};
}

function appender(frame: Uint8Array): () => void {
	let [tape, count] = [tapeWithSinks(), 0];
	return () => {
		if (++count % 60 === 0) tape = tapeWithSinks();
		tape.append(frame);
	};
}

function tapeWithSinks(): Tape {
	const tape = new Tape("lite-05");
	const sink = { append: () => {}, finish: () => {}, abort: () => {}, evict: () => {} };
	for (let at = 0; at < SINKS; at++) tape.attach({ ...sink });
	return tape;
}

function line(what: string, call: () => void): string {
	const [ns, bytes]: [number[], number[]] = [[], []];
	for (let sample = 0; sample < SAMPLES; sample++) {
		const before = process.memoryUsage().heapUsed;
		const start = process.hrtime.bigint();
		for (let at = 0; at < CALLS; at++) call();
		ns.push(Number(process.hrtime.bigint() - start) / CALLS);
		bytes.push((process.memoryUsage().heapUsed - before) / CALLS);
	}
	// A collection within a sample makes it look as if memory came back.
	const grown = bytes.filter((each) => each >= 0);
	return `W20 ${what}: ${median(ns).toFixed(1)} ns, ${median(grown).toFixed(0)} B`;
}
