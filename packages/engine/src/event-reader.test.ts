import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionKey } from "./command-buffer.ts";
import { type ConnectionEvents, type EventSink, readEvents } from "./event-reader.ts";

/** A record of this kind from thread 2. */
function record(kind: number, ...parts: Buffer[]): Buffer {
	const body = Buffer.concat(parts);
	const header = Buffer.from([kind, 2, 0, 0, 0, 0, 0, 0]);
	header.writeUInt32LE(body.byteLength, 4);
	return Buffer.concat([header, body]);
}

function u32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function f64(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeDoubleLE(value);
	return bytes;
}

function text(value: string): Buffer {
	return Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Reads a batch and lists every call that it made. */
function calls(batch: Buffer, known: (key: ConnectionKey) => boolean = () => true): unknown[][] {
	const list: unknown[][] = [];
	const recorder = <Shape extends object>(own: Partial<Shape>): Shape =>
		new Proxy(own, {
			get: (target, name) =>
				Reflect.get(target, name) ?? ((...parameters: unknown[]) => list.push([name, ...parameters])),
		}) as Shape;
	const events = recorder<ConnectionEvents>({});
	readEvents(new Uint8Array(batch), recorder<EventSink>({ connection: (key) => (known(key) ? events : undefined) }));
	return list;
}

test("readEvents() calls the sink for each record in order", () => {
	const batch = Buffer.concat([
		record(6, u32(1), u32(4)),
		record(7, u32(1), u32(6)),
		record(8, u32(1), u32(3)),
		record(9, u32(1), u32(4), Buffer.from([1]), Buffer.from("abc")),
		record(10, u32(1), u32(6), u32(13)),
		record(11, u32(1), u32(3), u32(14)),
		record(12, u32(1), u32(3), f64(20_000)),
		record(13, u32(1), u32(9), Buffer.from([2]), f64(7), f64(8)),
		record(14, u32(1), Buffer.from("dg")),
		record(16, u32(1), ...[1, 2, 3, 4, 5, 6, 7, 1200].map(f64)),
		record(18, u32(1), u32(3)),
		record(19, u32(1), u32(9)),
		record(17, text("a fault")),
		record(15, u32(1), Buffer.from([1]), u32(6), text("why")),
	]);
	assert.deepEqual(calls(batch), [
		["onOpened", 4, "bidi"],
		["onOpened", 6, "uni"],
		["onReady", 3],
		["onData", 4, new Uint8Array(Buffer.from("abc")), true],
		["onReset", 6, 13],
		["onStopped", 3, 14],
		["onSent", 3, 20_000],
		["onDropped", 9, [7, 8], "streams"],
		["onDatagram", new Uint8Array(Buffer.from("dg"))],
		["onStats", [1, 2, 3, 4, 5, 6, 7, 1200]],
		["onSendEnded", 3],
		["onDrained", 9],
		["onFault", "a fault"],
		["onEnded", { by: "remote", code: 6, reason: "why" }],
	]);
});

test("readEvents() skips events of connections that are gone, and records of kinds to come", () => {
	const batch = Buffer.concat([record(7, u32(1), u32(6)), record(99, u32(2), u32(6)), record(7, u32(2), u32(8))]);
	const seen: ConnectionKey[] = [];
	const list = calls(batch, (key) => {
		seen.push(key);
		return key.id === 2;
	});
	assert.deepEqual(list, [["onOpened", 8, "uni"]]);
	assert.deepEqual(seen[0], { thread: 2, id: 1 });
});

test("readEvents() blames the connection whose sink throws, and goes on", () => {
	const batch = Buffer.concat([record(7, u32(1), u32(6)), record(7, u32(2), u32(8))]);
	const list: unknown[] = [];
	const sink = {
		onThrown: (key: ConnectionKey | undefined, thrown: unknown) => list.push([key?.id, String(thrown)]),
		connection: (key: ConnectionKey) => ({
			onOpened: (stream: number) => {
				if (key.id === 1) throw new Error("mistake");
				list.push(stream);
			},
		}),
	};
	readEvents(new Uint8Array(batch), sink as unknown as EventSink);
	assert.deepEqual(list, [[1, "Error: mistake"], 8]);
});

test("readEvents() copies a chunk that is a small part of its batch, and shares a large one", () => {
	const small = record(9, u32(1), u32(4), Buffer.from([0]), Buffer.alloc(10));
	const large = record(9, u32(1), u32(4), Buffer.from([0]), Buffer.alloc(10_000));
	const chunks = calls(Buffer.concat([small, large])).map((call) => call[2] as Uint8Array);
	assert.equal(chunks[0]?.buffer.byteLength, 10);
	assert.ok((chunks[1]?.buffer.byteLength ?? 0) > 10_000);
});
