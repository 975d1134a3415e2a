/**
 * Streams of a connection of the engine.
 * @module
 */
import {
	type BidiStream,
	limits,
	type RecvSink,
	type RecvStream,
	type SendSink,
	type SendStream,
	type Tape,
} from "@moq-relay/core";
import type { Credit } from "./credit.ts";
import type { Link } from "./lane.ts";
import { CODE_MAX } from "./limits.ts";

/** What a new stream has. */
export interface StreamOptions {
	readonly handle: number;
	readonly sends: boolean;
	readonly receives: boolean;
	readonly credit: Credit;
	readonly recvSink?: RecvSink;
	readonly sendSink?: SendSink | undefined;
}

/** One stream: a sending half, a receiving half, or both. */
export class EngineStream implements SendStream, RecvStream, BidiStream {
	readonly handle: number;
	readonly #link: Link;
	readonly #credit: Credit;
	#recvSink: RecvSink | undefined;
	#sendSink: SendSink | undefined;
	/** Nothing more may be written. */
	#closed: boolean;
	#sendOver: boolean;
	#recvOver: boolean;
	/** Written and not taken by QUIC, as far as is known here. */
	#unsent = 0;
	/** Handed to the sink and not consumed. */
	#unconsumed = 0;

	constructor(link: Link, options: StreamOptions) {
		this.handle = options.handle;
		this.#link = link;
		this.#credit = options.credit;
		this.#recvSink = options.recvSink;
		this.#sendSink = options.sendSink;
		this.#closed = !options.sends;
		this.#sendOver = !options.sends;
		this.#recvOver = !options.receives;
	}

	get send(): SendStream {
		return this;
	}

	get recv(): RecvStream {
		return this;
	}

	/** Both halves are over; the connection forgets it. */
	get over(): boolean {
		return this.#sendOver && this.#recvOver;
	}

	accept(sink: RecvSink): void {
		this.#recvSink = sink;
	}

	onSend(sink: SendSink): void {
		this.#sendSink = sink;
	}

	write(bytes: Uint8Array): boolean {
		if (this.#closed || this.#link.over || bytes.byteLength === 0) return true;
		this.#link.commands.write(this.#link.key, this.handle, bytes);
		this.#unsent += bytes.byteLength;
		return this.#unsent <= limits.STREAM_SEND_BYTES_MAX;
	}

	play(tape: Tape): void {
		if (this.#closed || this.#link.over) return;
		this.#closed = true;
		this.#link.commands.streamPlay(this.#link.key, this.handle, this.#link.tapes.idOf(tape));
	}

	finish(): void {
		if (this.#closed || this.#link.over) return;
		this.#closed = true;
		this.#link.commands.finish(this.#link.key, this.handle);
	}

	reset(code: number): void {
		if (this.#sendOver || this.#link.over) return;
		this.#closed = true;
		this.#sendOver = true;
		this.#link.commands.reset(this.#link.key, this.handle, Math.min(code, CODE_MAX));
	}

	prioritise(priority: number): void {
		if (this.#sendOver || this.#link.over) return;
		this.#link.commands.prioritise(this.#link.key, this.handle, priority);
	}

	consumed(bytes: number): void {
		const due = Math.min(bytes, this.#unconsumed);
		this.#unconsumed -= due;
		this.#credit.add(this.handle, due);
	}

	stop(code: number): void {
		if (this.#recvOver || this.#link.over) return;
		this.#recvOver = true;
		this.#link.commands.stop(this.#link.key, this.handle, Math.min(code, CODE_MAX));
		this.consumed(this.#unconsumed);
		this.#link.settle(this);
	}

	/** Bytes came, or the end. */
	onData(chunk: Uint8Array, fin: boolean): void {
		this.#unconsumed += chunk.byteLength;
		if (this.#recvOver) {
			// it crossed our STOP_SENDING
			this.consumed(this.#unconsumed);
			return;
		}
		this.#recvOver = fin;
		this.#recvSink?.onData(chunk, fin);
	}

	/** The peer reset its half. */
	onReset(code: number): void {
		this.consumed(this.#unconsumed);
		if (this.#recvOver) return;
		this.#recvOver = true;
		this.#recvSink?.onReset(code);
	}

	/** The peer wants no more. */
	onStopped(code: number): void {
		this.#closed = true;
		if (this.#sendOver) return;
		this.#sendOver = true;
		this.#sendSink?.onStop(code);
	}

	/** The sending half ended well. */
	onSendEnded(): void {
		this.#closed = true;
		this.#sendOver = true;
	}

	/** QUIC took bytes. */
	onSent(bytes: number): void {
		this.#unsent -= bytes;
	}
}
