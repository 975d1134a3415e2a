/**
 * The receiving half of an in-memory stream: puts frames in order and returns credit.
 * @module
 */
import { limits, type RecvSink, type RecvStream } from "@moq-relay/core";
import type { Frame } from "./frame.ts";

/** What a half needs of its endpoint. */
export interface RecvHost {
	/** Run a command when it takes effect. */
	post(run: () => void): void;
	/** Run an event in a turn of its own. */
	emit(run: () => void): void;
	/** Send a frame now. */
	send(frame: Frame): void;
	/** Return session credit. */
	creditSession(bytes: number): void;
	/** Nothing more comes on this half. */
	received(id: number): void;
}

/** Public calls are commands; the rest is what arrives, and is for the endpoint alone. */
export class RecvHalf implements RecvStream {
	readonly #id: number;
	readonly #host: RecvHost;
	#sink: RecvSink | undefined;
	/** Frames that overtook others, by offset. */
	#early = new Map<number, { readonly bytes: Uint8Array; readonly fin: boolean }>();
	/** Bytes put in order so far. */
	#offset = 0;
	/** Bytes whose session credit went back. */
	#creditedBytes = 0;
	#announcedBytes: number = limits.READ_AHEAD_BYTES;
	#over = false;
	/** The receiver asked for no more events. */
	#stopped = false;

	constructor(id: number, host: RecvHost) {
		this.#id = id;
		this.#host = host;
	}

	accept(sink: RecvSink): void {
		if (this.#sink !== undefined) throw new Error("accept called twice");
		this.#sink = sink;
	}

	/** @throws Error when the sink was not set in time. */
	checkAccepted(): void {
		if (this.#sink === undefined && !this.#stopped) throw new Error("a stream was handed out and not accepted");
	}

	consumed(bytes: number): void {
		this.#host.post(() => this.#credit(Math.min(this.#creditedBytes + bytes, this.#offset)));
	}

	stop(code: number): void {
		if (this.#stopped) return;
		this.#stopped = true;
		this.#host.post(() => {
			this.#credit(this.#offset);
			if (!this.#over) this.#host.send({ kind: "stop", id: this.#id, code });
		});
	}

	/** A data frame arrived, perhaps ahead of others. */
	data(offset: number, bytes: Uint8Array, fin: boolean): void {
		if (this.#over) return;
		this.#early.set(offset, { bytes, fin });
		for (let next = this.#early.get(this.#offset); next !== undefined; next = this.#early.get(this.#offset)) {
			this.#early.delete(this.#offset);
			this.#offset += next.bytes.byteLength;
			this.#deliver(next.bytes, next.fin);
			if (next.fin) {
				this.#end();
				return;
			}
		}
	}

	/** The peer gave the half up after sending `finalBytes`. */
	reset(code: number, finalBytes: number): void {
		if (this.#over) return;
		// What was never handed over, or will never be consumed, must not keep the session's credit.
		this.#offset = finalBytes;
		this.#end();
		this.#credit(finalBytes);
		this.#host.emit(() => {
			if (!this.#stopped) this.#sink?.onReset(code);
		});
	}

	#deliver(bytes: Uint8Array, fin: boolean): void {
		if (this.#stopped) {
			this.#credit(this.#offset);
			return;
		}
		this.#host.emit(() => {
			if (!this.#stopped) this.#sink?.onData(bytes, fin);
		});
	}

	#credit(untilBytes: number): void {
		if (untilBytes <= this.#creditedBytes) return;
		this.#host.creditSession(untilBytes - this.#creditedBytes);
		this.#creditedBytes = untilBytes;
		const limitBytes = untilBytes + limits.READ_AHEAD_BYTES;
		if (this.#over || limitBytes - this.#announcedBytes < limits.READ_AHEAD_BYTES / CREDIT_SHARE) return;
		this.#announcedBytes = limitBytes;
		this.#host.send({ kind: "stream-credit", id: this.#id, limitBytes });
	}

	#end(): void {
		this.#over = true;
		this.#early.clear();
		this.#host.received(this.#id);
	}
}

/** Credit goes back when this part of the window is due, so that it does not cost a frame per chunk. */
const CREDIT_SHARE = 4;
