/**
 * The sending half of an in-memory stream.
 * @module
 */
import { limits, type SendSink, type SendStream, type Tape } from "@moq-relay/core";
import type { Frame } from "./frame.ts";

/** What a half needs of its endpoint. */
export interface SendHost {
	/** Run a command when it takes effect. */
	post(run: () => void): void;
	/** Run an event in a turn of its own. */
	emit(run: () => void): void;
	/** The half has something to send. */
	wake(half: SendHalf): void;
	/** The half sent its last frame. */
	sent(half: SendHalf): void;
	/** Bytes of the next data frame, at most. */
	frameBytes(): number;
}

/** What becomes of a stopped half when it belongs to a lane. */
export interface SendOwner {
	/** The half has more to send. */
	grew(): void;
	/** The peer's STOP_SENDING. */
	stopped(half: SendHalf): void;
	/** The half sent its last frame. */
	over(half: SendHalf): void;
	/** The peer has all of it. */
	acked(half: SendHalf): void;
}

/** Public calls are commands; the rest is what takes effect, and is for the endpoint and its lanes alone. */
export class SendHalf implements SendStream {
	readonly id: number;
	/** Higher first; counts among streams outside of lanes. */
	priority = 0;
	/** When the scheduler served this half last; for round robin. */
	servedAt = 0;
	owner: SendOwner | undefined = undefined;
	sink: SendSink | undefined = undefined;
	readonly #host: SendHost;
	#chunks: Uint8Array[] = [];
	#chunkOffset = 0;
	#unsentBytes = 0;
	#sentBytes = 0;
	#limitBytes: number = limits.READ_AHEAD_BYTES;
	#finished = false;
	#resetCode: number | undefined;
	#over = false;
	#detach: (() => void) | undefined;
	/** Set by calls, ahead of their effect. */
	#called = { ended: false, reset: false, unsentBytes: 0 };

	constructor(id: number, host: SendHost) {
		this.id = id;
		this.#host = host;
	}

	write(bytes: Uint8Array): boolean {
		if (this.#called.ended || this.#over) return true;
		this.#called.unsentBytes += bytes.byteLength;
		this.#host.post(() => this.#take(bytes));
		return this.#called.unsentBytes <= limits.STREAM_SEND_BYTES_MAX;
	}

	play(tape: Tape): void {
		if (this.#called.ended || this.#over) return;
		this.#called.ended = true;
		const detach = tape.attach({
			append: (chunk) => this.#host.post(() => this.#take(chunk)),
			finish: () => this.#host.post(() => this.#finish()),
			abort: (code) => this.#host.post(() => this.abandon(code)),
			evict: () => this.#host.post(() => this.abandon(EVICTED)),
		});
		this.#detach = detach;
	}

	finish(): void {
		if (this.#called.ended) return;
		this.#called.ended = true;
		this.#host.post(() => this.#finish());
	}

	reset(code: number): void {
		if (this.#called.reset) return;
		this.#called = { ...this.#called, ended: true, reset: true };
		this.#host.post(() => this.abandon(code));
	}

	prioritise(priority: number): void {
		this.#host.post(() => {
			this.priority = priority;
		});
	}

	/** Bytes that wait to be sent. */
	get unsentBytes(): number {
		return this.#unsentBytes;
	}

	/** True once the last frame is sent. */
	get isOver(): boolean {
		return this.#over;
	}

	/** True when the next frame is a reset. */
	get isResetting(): boolean {
		return this.#resetCode !== undefined;
	}

	/** Give up what is unsent and reset. */
	abandon(code: number): void {
		if (this.#over || this.#resetCode !== undefined) return;
		this.#drop();
		this.#resetCode = code;
		this.#host.wake(this);
	}

	/** The peer's STOP_SENDING arrived. */
	stop(code: number): void {
		if (this.#over || this.#resetCode !== undefined) return;
		const silent = this.#called.reset;
		this.abandon(code);
		this.#called = { ...this.#called, ended: true, reset: true };
		this.owner?.stopped(this);
		if (!silent) this.#host.emit(() => this.sink?.onStop(code));
	}

	/** The peer takes so many bytes in all. */
	credit(limitBytes: number): void {
		if (limitBytes <= this.#limitBytes) return;
		this.#limitBytes = limitBytes;
		this.#host.wake(this);
	}

	/** The peer has everything up to the last frame. */
	ack(): void {
		this.owner?.acked(this);
	}

	/** The connection is over. */
	die(): void {
		this.#drop();
		this.#over = true;
	}

	/** Whether `next` has a frame, given so much session credit. */
	ready(sessionBytes: number): boolean {
		if (this.#over) return false;
		if (this.#resetCode !== undefined) return true;
		if (this.#unsentBytes === 0) return this.#finished;
		return this.#sentBytes < this.#limitBytes && sessionBytes > 0;
	}

	/** The next frame; only when `ready`. */
	next(sessionBytes: number): Frame {
		if (this.#resetCode !== undefined) {
			this.#end();
			return { kind: "reset", id: this.id, code: this.#resetCode, finalBytes: this.#sentBytes };
		}
		const offset = this.#sentBytes;
		const bytes = this.#cut(Math.min(this.#limitBytes - offset, sessionBytes, this.#host.frameBytes()));
		const fin = this.#finished && this.#unsentBytes === 0;
		if (fin) this.#end();
		return { kind: "data", id: this.id, offset, bytes, fin };
	}

	#take(bytes: Uint8Array): void {
		if (this.#over || this.#finished || this.#resetCode !== undefined || bytes.byteLength === 0) return;
		this.#chunks.push(bytes);
		this.#unsentBytes += bytes.byteLength;
		this.owner?.grew();
		this.#host.wake(this);
	}

	#finish(): void {
		if (this.#over || this.#resetCode !== undefined) return;
		this.#finished = true;
		this.#host.wake(this);
	}

	/** A copy, since a receiver may overwrite what it gets, and tapes are shared. */
	#cut(bytesMax: number): Uint8Array {
		const chunk = this.#chunks[0];
		if (chunk === undefined) return new Uint8Array(0);
		const bytes = chunk.slice(this.#chunkOffset, this.#chunkOffset + bytesMax);
		this.#chunkOffset += bytes.byteLength;
		if (this.#chunkOffset === chunk.byteLength) {
			this.#chunks.shift();
			this.#chunkOffset = 0;
		}
		this.#unsentBytes -= bytes.byteLength;
		this.#sentBytes += bytes.byteLength;
		this.#called.unsentBytes -= bytes.byteLength;
		return bytes;
	}

	#drop(): void {
		this.#chunks = [];
		this.#unsentBytes = 0;
		this.#detach?.();
		this.#detach = undefined;
	}

	#end(): void {
		this.#over = true;
		this.#detach?.();
		this.#detach = undefined;
		this.owner?.over(this);
		this.#host.sent(this);
	}
}

/** Stream code of a play whose tape the cache dropped (protocol §4.10). */
const EVICTED = 31;
