/**
 * Events of the engine's threads, read from a batch. `native/src/event.rs` writes them.
 * @module
 */
import type { ConnectionEnd } from "@moq-relay/core";
import { describeCertificate } from "./certificate.ts";
import type { ConnectionKey } from "./command-buffer.ts";
import type { ConnectFailure } from "./connect-error.ts";
import type { IncomingInfo } from "./incoming.ts";
import { BATCH_SHARE_MIN } from "./limits.ts";

/** What a bound port turned out to be. */
export interface Bound {
	readonly host: string;
	readonly port: number;
	readonly receiveBytes: number;
	readonly sendBytes: number;
}

/** What an outgoing connection turned out to be. */
export interface Connected {
	readonly datagramBytesMax: number;
	readonly remote: string;
	/** The ALPN, or the protocol that the WebTransport server chose. */
	readonly protocol: string;
}

/** Why it came to nothing. */
export interface Failed {
	readonly kind: ConnectFailure;
	readonly status: number;
	readonly code: number;
	readonly message: string;
}

/** Why plays were given up. */
export type DropReason = "latency" | "budget" | "streams" | "stopped";

/** Where events go, one call each, in order. */
export interface EventSink {
	onListening(request: number, result: Bound | string): void;
	onCertificates(request: number, error: string | undefined): void;
	onIncoming(endpoint: number, peer: { key: ConnectionKey; info: IncomingInfo; datagramBytesMax: number }): void;
	onConnected(request: number, key: ConnectionKey, connected: Connected): void;
	onConnectFailed(request: number, failed: Failed): void;
	onFault(message: string): void;
	/** A sink threw at an event of this connection, or at one of none. */
	onThrown(key: ConnectionKey | undefined, thrown: unknown): void;
	/** Undefined when nobody knows the connection any more: the event is skipped. */
	connection(key: ConnectionKey): ConnectionEvents | undefined;
}

/** Events of one connection. */
export interface ConnectionEvents {
	onOpened(stream: number, direction: "bidi" | "uni"): void;
	onReady(stream: number): void;
	onData(stream: number, chunk: Uint8Array, fin: boolean): void;
	onReset(stream: number, code: number): void;
	onStopped(stream: number, code: number): void;
	onSent(stream: number, bytes: number): void;
	onSendEnded(stream: number): void;
	onDropped(lane: number, tags: readonly number[], reason: DropReason): void;
	onDrained(lane: number): void;
	onDatagram(payload: Uint8Array): void;
	onEnded(end: ConnectionEnd): void;
	/** Round trip in ms, bits per second, bytes sent and received, packets sent and lost, congestion window, packet size. */
	onStats(numbers: readonly number[]): void;
}

const FAILURES: readonly ConnectFailure[] = [
	"timeout",
	"unreachable",
	"refused",
	"certificate",
	"protocol",
	"status",
	"closed",
	"aborted",
	"options",
	"engine",
];
const REASONS: readonly DropReason[] = ["latency", "budget", "streams", "stopped"];
const ENDS: readonly ConnectionEnd["by"][] = ["local", "remote", "transport"];
const STATS = 8;

const decoder = new TextDecoder();

/** Read a batch to its end. The batch must not change afterwards: chunks are views of it where that is cheap. */
export function readEvents(batch: Uint8Array, sink: EventSink): void {
	const cursor = new EventCursor(batch);
	while (cursor.next()) {
		const shared = cursor.kind <= 5 || cursor.kind === 17;
		const key = shared ? undefined : { thread: cursor.thread, id: cursor.u32() };
		try {
			if (key === undefined) readShared(cursor, sink);
			else readConnection(cursor, sink.connection(key));
		} catch (thrown) {
			sink.onThrown(key, thrown);
		}
	}
}

function readShared(cursor: EventCursor, sink: EventSink): void {
	switch (cursor.kind) {
		case 1: {
			const request = cursor.u32();
			sink.onListening(request, cursor.bool() ? readBound(cursor) : cursor.text());
			break;
		}
		case 2:
			sink.onCertificates(cursor.u32(), cursor.textOption());
			break;
		case 3:
			readIncoming(cursor, sink);
			break;
		case 4: {
			const request = cursor.u32();
			const key = { thread: cursor.thread, id: cursor.u32() };
			sink.onConnected(request, key, readConnected(cursor));
			break;
		}
		case 5:
			sink.onConnectFailed(cursor.u32(), readFailed(cursor));
			break;
		case 17:
			sink.onFault(cursor.text());
			break;
		default:
			break;
	}
}

function readConnection(cursor: EventCursor, events: ConnectionEvents | undefined): void {
	if (events === undefined) return;
	if (cursor.kind >= 13) readOther(cursor, events);
	else readStream(cursor, events);
}

function readStream(cursor: EventCursor, events: ConnectionEvents): void {
	switch (cursor.kind) {
		case 6:
			events.onOpened(cursor.u32(), "bidi");
			break;
		case 7:
			events.onOpened(cursor.u32(), "uni");
			break;
		case 8:
			events.onReady(cursor.u32());
			break;
		case 9: {
			const stream = cursor.u32();
			const fin = cursor.bool();
			events.onData(stream, cursor.chunk(), fin);
			break;
		}
		case 10:
			events.onReset(cursor.u32(), cursor.u32());
			break;
		case 11:
			events.onStopped(cursor.u32(), cursor.u32());
			break;
		case 12:
			events.onSent(cursor.u32(), cursor.f64());
			break;
		default:
			break;
	}
}

function readOther(cursor: EventCursor, events: ConnectionEvents): void {
	switch (cursor.kind) {
		case 13: {
			const lane = cursor.u32();
			const reason = REASONS[cursor.u8()] ?? "stopped";
			events.onDropped(lane, cursor.numbers(), reason);
			break;
		}
		case 14:
			events.onDatagram(cursor.chunk());
			break;
		case 15:
			events.onEnded({ by: ENDS[cursor.u8()] ?? "transport", code: cursor.u32(), reason: cursor.text() });
			break;
		case 16:
			events.onStats(cursor.numbers().slice(0, STATS));
			break;
		case 18:
			events.onSendEnded(cursor.u32());
			break;
		case 19:
			events.onDrained(cursor.u32());
			break;
		default:
			break;
	}
}

function readBound(cursor: EventCursor): Bound {
	return { host: cursor.text(), port: cursor.u16(), receiveBytes: cursor.u32(), sendBytes: cursor.u32() };
}

function readConnected(cursor: EventCursor): Connected {
	return {
		datagramBytesMax: cursor.u32(),
		remote: cursor.text(),
		protocol: cursor.text(),
	};
}

function readFailed(cursor: EventCursor): Failed {
	return {
		kind: FAILURES[cursor.u8()] ?? "engine",
		status: cursor.u16(),
		code: cursor.u32(),
		message: cursor.text(),
	};
}

function readIncoming(cursor: EventCursor, sink: EventSink): void {
	const endpoint = cursor.u32();
	const key = { thread: cursor.thread, id: cursor.u32() };
	const transport = cursor.bool() ? "webtransport" : "quic";
	const validated = cursor.bool();
	const datagramBytesMax = cursor.u32();
	const info: IncomingInfo = {
		transport,
		validated,
		remote: cursor.text(),
		alpn: cursor.text(),
		host: cursor.textOption(),
		...describeCertificate(cursor.bytesOption()),
		path: cursor.textOption(),
		authority: cursor.textOption(),
		origin: cursor.textOption(),
		authorization: cursor.textOption(),
		protocols: cursor.texts(),
	};
	sink.onIncoming(endpoint, { key, info, datagramBytesMax });
}

/** Reads records. What it reads was written by the same build, so a length that does not fit throws a RangeError. */
class EventCursor {
	readonly #bytes: Uint8Array;
	readonly #view: DataView;
	#at = 0;
	#end = 0;
	kind = 0;
	thread = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	/** Go to the next record, whatever is left of this one. */
	next(): boolean {
		this.#at = this.#end;
		if (this.#at >= this.#bytes.byteLength) return false;
		this.kind = this.u8();
		this.thread = this.u8();
		this.#at += 2;
		const length = this.u32();
		this.#end = this.#at + length;
		return true;
	}

	u8(): number {
		const value = this.#view.getUint8(this.#at);
		this.#at += 1;
		return value;
	}

	u16(): number {
		const value = this.#view.getUint16(this.#at, true);
		this.#at += 2;
		return value;
	}

	u32(): number {
		const value = this.#view.getUint32(this.#at, true);
		this.#at += 4;
		return value;
	}

	f64(): number {
		const value = this.#view.getFloat64(this.#at, true);
		this.#at += 8;
		return value;
	}

	bool(): boolean {
		return this.u8() === 1;
	}

	text(): string {
		const length = this.u32();
		const start = this.#at;
		this.#at += length;
		return decoder.decode(this.#bytes.subarray(start, this.#at));
	}

	textOption(): string | undefined {
		return this.bool() ? this.text() : undefined;
	}

	/** A copy. */
	bytesOption(): Uint8Array | undefined {
		if (!this.bool()) return undefined;
		const length = this.u32();
		const start = this.#at;
		this.#at += length;
		return this.#bytes.slice(start, this.#at);
	}

	texts(): string[] {
		const count = this.u32();
		return Array.from({ length: count }, () => this.text());
	}

	/** Doubles to the record's end. */
	numbers(): number[] {
		const numbers: number[] = [];
		while (this.#at < this.#end) numbers.push(this.f64());
		return numbers;
	}

	/** Bytes to the record's end: a view when it is a large part of the batch, a copy when not. */
	chunk(): Uint8Array {
		const start = this.#at;
		this.#at = this.#end;
		const shared = (this.#end - start) * BATCH_SHARE_MIN >= this.#bytes.byteLength;
		return shared ? this.#bytes.subarray(start, this.#end) : this.#bytes.slice(start, this.#end);
	}
}
