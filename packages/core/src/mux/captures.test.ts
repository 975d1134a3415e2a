/**
 * Sessions captured between released clients and servers, with our state machine in the server's place.
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
	decodeMuxMessage,
	encodeResetStream,
	encodeStopSending,
	encodeStreamHeader,
	type MuxFrame,
	type MuxFraming,
	parseMuxSubprotocol,
	type ResetStreamFrame,
	Writer,
} from "@moq-relay/wire";
import type { BidiStream, RecvStream, SendStream } from "../transport.ts";
import { SinkLog, Solo, StreamLog } from "./fixture.test.ts";

/** One message that went over the wire. */
interface Captured {
	readonly fromClient: boolean;
	readonly message: Uint8Array;
	readonly frame: MuxFrame;
}

interface Capture {
	readonly name: string;
	readonly framing: MuxFraming;
	readonly captured: readonly Captured[];
}

const CAPTURES = new URL("../../../../test/vectors/", import.meta.url);

for (const capture of readCaptures()) {
	test(`MuxConnection takes the server's part in ${capture.name}`, () => {
		const part = new ServerPart();
		const solo = new Solo({ framing: capture.framing, peer: undefined, sink: part });
		for (const { fromClient, message, frame } of capture.captured) {
			if (fromClient) solo.receive(message);
			else part.act(solo, frame);
			solo.settle();
		}
		compareReceived(capture, part);
		compareSent(capture, solo);
		// Every capture ends with the client closing, or with its socket gone.
		assert.deepEqual(part.ends, part.ends.length === 0 ? [] : [{ code: 0, reason: "", by: "remote" }]);
		assert.equal(solo.pipe.closed?.code ?? 1000, 1000);
	});
}

test("captures are there, in every framing that they were taken in", () => {
	const framings = new Set(readCaptures().map(({ framing }) => framing));
	assert.deepEqual([...framings].sort(), ["qmux-00", "qmux-01", "webtransport"]);
	assert.ok(readCaptures().length >= 15);
	for (const { name, captured } of readCaptures()) assert.ok(captured.length > 20, name);
});

/** Does what the captured server did, by the port. */
class ServerPart extends SinkLog {
	readonly #sends = new Map<number, SendStream>();
	readonly #recvs = new Map<number, Pick<RecvStream, "stop">>();
	readonly received = new Map<number, StreamLog>();
	readonly stopped = new Set<number>();

	override onBidi(stream: BidiStream): void {
		super.onBidi(stream);
		const id = 4 * (this.bidis.length - 1);
		this.#sends.set(id, stream.send);
		this.#recvs.set(id, stream.recv);
		this.received.set(id, this.bidis.at(-1)?.log as StreamLog);
	}

	override onUni(stream: RecvStream): void {
		super.onUni(stream);
		const id = 4 * (this.unis.length - 1) + 2;
		this.#recvs.set(id, stream);
		this.received.set(id, this.unis.at(-1)?.log as StreamLog);
	}

	act(solo: Solo, frame: MuxFrame): void {
		if (frame.type === "stream") {
			const send = this.#sends.get(frame.id) ?? this.#open(solo, frame.id);
			if (frame.data.length > 0) send.write(frame.data);
			if (frame.fin) send.finish();
		} else if (frame.type === "reset-stream") this.#sends.get(frame.id)?.reset(frame.code);
		else if (frame.type === "stop-sending") {
			this.stopped.add(frame.id);
			this.#recvs.get(frame.id)?.stop(frame.code);
		}
	}

	#open({ connection }: Solo, id: number): SendStream {
		const log = new StreamLog();
		const handle = id % 4 === 1 ? connection.openBidi(log) : undefined;
		const send = handle?.send ?? connection.openUni();
		assert.ok(send !== undefined);
		this.#sends.set(id, send);
		if (handle !== undefined) {
			this.#recvs.set(id, handle.recv);
			this.received.set(id, log);
		}
		return send;
	}
}

function compareReceived(capture: Capture, part: ServerPart): void {
	for (const [id, { text, fin, reset }] of sums(capture, true)) {
		const log = part.received.get(id);
		assert.equal(log?.text, text, `bytes of stream ${id}`);
		assert.equal(log?.finished, fin, `end of stream ${id}`);
		if (!part.stopped.has(id)) assert.equal(log?.resetCode, reset?.code, `reset of stream ${id}`);
	}
}

function compareSent(capture: Capture, solo: Solo): void {
	for (const [id, { text, fin, reset }] of sums(capture, false)) {
		assert.equal(solo.bytesOf(id), text, `our bytes of stream ${id}`);
		const sent = solo.sentOf("stream").filter((frame) => frame.id === id);
		assert.equal(sent.at(-1)?.fin ?? false, fin);
		const resets = solo.sentOf("reset-stream").filter((frame) => frame.id === id);
		assert.deepEqual(resets, reset === undefined ? [] : [reset]);
	}
}

/** What one side sent on each stream in all. */
function sums(
	capture: Capture,
	fromClient: boolean,
): Map<number, { text: string; fin: boolean; reset?: ResetStreamFrame }> {
	const streams = new Map<number, { text: string; fin: boolean; reset?: ResetStreamFrame }>();
	for (const { frame } of capture.captured.filter((captured) => captured.fromClient === fromClient)) {
		if (frame.type !== "stream" && frame.type !== "reset-stream") continue;
		const stream = streams.get(frame.id) ?? { text: "", fin: false };
		streams.set(frame.id, stream);
		if (frame.type === "reset-stream") stream.reset = frame;
		else {
			stream.text += Buffer.from(frame.data).toString();
			stream.fin ||= frame.fin;
		}
	}
	return streams;
}

function readCaptures(): Capture[] {
	const captures: Capture[] = [];
	for (const name of readdirSync(CAPTURES)) {
		const log = readFileSync(new URL(name, CAPTURES), "utf8");
		const subprotocol = /^SELECTED "([^"]+)"/m.exec(log)?.[1];
		if (subprotocol === undefined) continue;
		const framing = parseMuxSubprotocol(subprotocol)?.framing;
		assert.ok(framing !== undefined, name);
		const hasOffsets = !/^(oldlite|net019)/.test(name);
		const captured: Captured[] = [];
		for (const [, side, line] of log.matchAll(/^([CS])>[CS] (.*)$/gm)) {
			const message = messageOf(line as string, framing, hasOffsets);
			const [frame] = decodeMuxMessage(message, framing);
			assert.ok(frame !== undefined, line);
			captured.push({ fromClient: side === "C", message, frame });
		}
		captures.push({ name, framing, captured });
	}
	return captures;
}

/** The message that a line tells of; those of old clients have no offsets. */
function messageOf(line: string, framing: MuxFraming, hasOffsets: boolean): Uint8Array {
	const numbers = [...line.matchAll(/(?<= |=)\d+(?= |$)/g)].map(([number]) => Number(number));
	const hex = / ([0-9a-f]*)$/.exec(line)?.[1] ?? "";
	const data = Buffer.from(hex, "hex");
	const [id = 0, code = 0, finalSize = 0] = numbers;
	switch (line.split(" ", 1)[0]) {
		case "TRANSPORT_PARAMS":
			return new Writer().varint(0x3f51_5330_0d0a_0d0an).varint(data.length).bytes(data).finish();
		case "STREAM":
			return streamMessage(line, data, { framing, hasOffsets });
		case "RESET":
			return encodeResetStream({ id, code, finalSize }, framing);
		case "STOP":
			return encodeStopSending({ id, code });
		default:
			return join(
				Buffer.from(
					line
						.replace(/^frame (0x)?/, "")
						.split(" ", 1)[0]
						?.padStart(2, "0") ?? "",
					"hex",
				),
				data,
			);
	}
}

function streamMessage(line: string, data: Uint8Array, as: { framing: MuxFraming; hasOffsets: boolean }): Uint8Array {
	const fin = line.includes(" FIN");
	const id = Number(line.split(" ")[1]);
	const offset = Number(/off=(\d+)/.exec(line)?.[1]);
	const { framing, hasOffsets } = as;
	if (framing === "webtransport") return join(encodeStreamHeader({ id, offset: 0, length: 0, fin }, framing), data);
	if (hasOffsets) return join(encodeStreamHeader({ id, offset, length: data.length, fin }, framing), data);
	const header = new Writer()
		.u8(fin ? 0x0b : 0x0a)
		.varint(id)
		.varint(data.length);
	return header.bytes(data).finish();
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(parts));
}
