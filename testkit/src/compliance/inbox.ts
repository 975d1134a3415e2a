/**
 * The receiving half of a stream under test: keeps all it gets and holds the transport to the order of events.
 * @module
 */
import type { RecvSink, RecvStream } from "@moq-relay/core";
import { joinBytes } from "../bytes.ts";
import type { Trace } from "./trace.ts";

/** Received bytes and the end of one receiving half. */
export class Inbox implements RecvSink {
	/** Largest chunk seen, in bytes: by so much a transport may overshoot credit. */
	chunkBytesMax = 0;
	byteLength = 0;
	/** True after FIN. */
	finished = false;
	/** The code of the peer's reset; undefined without one. */
	resetCode: number | undefined = undefined;
	/** Runs at the end of every `onData`. */
	afterData: (() => void) | undefined = undefined;
	readonly #trace: Trace;
	readonly #name: string;
	#chunks: Uint8Array[] = [];
	#recv: Pick<RecvStream, "consumed" | "stop"> | undefined;
	#reading: boolean;
	#owed = 0;
	#stopped = false;

	/** With `reading`, credit is returned for each chunk at once; else when `read` or `consumeAll` is called. */
	constructor(trace: Trace, name: string, reading: boolean) {
		this.#trace = trace;
		this.#name = name;
		this.#reading = reading;
	}

	/** The half that this is the sink of; once. */
	attach(recv: Pick<RecvStream, "consumed" | "stop">): void {
		this.#recv = recv;
	}

	/** FIN or reset arrived. */
	get over(): boolean {
		return this.finished || this.resetCode !== undefined;
	}

	/** All bytes so far. */
	get bytes(): Uint8Array {
		if (this.#chunks.length > 1) this.#chunks = [joinBytes(this.#chunks)];
		return this.#chunks[0] ?? new Uint8Array(0);
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		this.#trace.event(`${this.#name} onData`, () => {
			this.#check("onData");
			if (chunk.byteLength === 0 && !fin) this.#trace.violation(`${this.#name} onData without bytes or FIN`);
			this.#chunks.push(chunk);
			this.byteLength += chunk.byteLength;
			this.chunkBytesMax = Math.max(this.chunkBytesMax, chunk.byteLength);
			this.finished = fin;
			this.#owed += chunk.byteLength;
			if (this.#reading) this.consumeAll();
			this.afterData?.();
		});
	}

	onReset(code: number): void {
		this.#trace.event(`${this.#name} onReset`, () => {
			this.#check("onReset");
			this.resetCode = code;
		});
	}

	/** Return credit for everything received so far. */
	consumeAll(): void {
		const owed = this.#owed;
		this.#owed = 0;
		if (owed > 0) this.#trace.call(`${this.#name} consumed`, () => this.#recv?.consumed(owed));
	}

	/** Return credit for everything received and for all that comes. */
	read(): void {
		this.#reading = true;
		this.consumeAll();
	}

	/** STOP_SENDING; an event after it is a violation. */
	stop(code: number): void {
		this.#stopped = true;
		this.#trace.call(`${this.#name} stop`, () => this.#recv?.stop(code));
	}

	#check(event: string): void {
		if (this.finished) this.#trace.violation(`${this.#name} ${event} after FIN`);
		if (this.resetCode !== undefined) this.#trace.violation(`${this.#name} ${event} after a reset`);
		if (this.#stopped) this.#trace.violation(`${this.#name} ${event} after stop`);
	}
}
