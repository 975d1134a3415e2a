/**
 * Main's halves of a stream whose real one lives in a worker.
 * @module
 */
import type { RecvSink, RecvStream, SendSink, SendStream, Tape } from "@moq-relay/core";
import { limits } from "@moq-relay/core";
import type { Channel } from "./channel.ts";
import { Command } from "./op.ts";
import type { TapeMirror } from "./tape-mirror.ts";

/** What a half needs of its connection. */
export interface StreamOwner {
	readonly id: number;
	readonly channel: Channel;
	readonly tapes: TapeMirror;
	/** False once the connection has ended: commands are ignored then. */
	readonly live: boolean;
	/** A half is over. */
	halfEnded(stream: number): void;
}

/** Sending half. */
export class BridgedSend implements SendStream {
	readonly #owner: StreamOwner;
	readonly #id: number;
	#sink: SendSink | undefined;
	#over = false;
	#full = false;
	#unfollow: (() => void) | undefined;
	/** Bytes written and not known to have reached the worker, by the batch they went in. */
	#underWay: { readonly sequence: number; bytes: number }[] = [];

	constructor(owner: StreamOwner, id: number, sink: SendSink | undefined) {
		this.#owner = owner;
		this.#id = id;
		this.#sink = sink;
	}

	/** Set where events go. */
	listen(sink: SendSink): void {
		this.#sink = sink;
	}

	write(bytes: Uint8Array): boolean {
		if (!this.#begin(Command.Write)) return true;
		this.#owner.channel.out.chunk(bytes);
		return this.#room(bytes.byteLength);
	}

	play(tape: Tape): void {
		if (!this.#live) return;
		if (!this.#owner.tapes.playOnStream(tape, { conn: this.#owner.id, stream: this.#id })) {
			this.reset(LAGGED);
			return;
		}
		this.#followEnd(tape);
	}

	finish(): void {
		if (this.#begin(Command.Finish)) this.#end();
	}

	reset(code: number): void {
		// A finished half can still be reset while its bytes are under way, so `#over` does not matter here.
		if (!this.#owner.live) return;
		this.#owner.channel.out.begin(Command.Reset, this.#owner.id, this.#id, code);
		this.#end();
	}

	prioritise(priority: number): void {
		if (this.#begin(Command.Prioritise)) this.#owner.channel.out.number(priority);
	}

	/** The peer sent STOP_SENDING. */
	stopped(code: number): void {
		this.#end();
		this.#sink?.onStop(code);
	}

	/** The real half had no room for a write; the next one says so. */
	fill(): void {
		this.#full = true;
	}

	get #live(): boolean {
		return this.#owner.live && !this.#over;
	}

	#begin(command: number): boolean {
		if (!this.#live) return false;
		this.#owner.channel.out.begin(command, this.#owner.id, this.#id);
		return true;
	}

	#room(bytes: number): boolean {
		const { sequence, acknowledgedSequence } = this.#owner.channel;
		this.#underWay = this.#underWay.filter((write) => write.sequence > acknowledgedSequence);
		const last = this.#underWay.at(-1);
		if (last?.sequence === sequence) last.bytes += bytes;
		else this.#underWay.push({ sequence, bytes });
		let total = 0;
		for (const write of this.#underWay) total += write.bytes;
		const room = !this.#full && total <= limits.STREAM_SEND_BYTES_MAX;
		this.#full = false;
		return room;
	}

	/** A played tape ends the half by itself; the half is then over here too. */
	#followEnd(tape: Tape): void {
		if (tape.state !== "open") {
			this.#end();
			return;
		}
		const ended = (): void => this.#end();
		this.#unfollow = tape.attach({ append: () => {}, finish: ended, abort: ended, evict: ended });
	}

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#unfollow?.();
		this.#owner.halfEnded(this.#id);
	}
}

/** Receiving half. */
export class BridgedRecv implements RecvStream {
	readonly #owner: StreamOwner;
	readonly #id: number;
	#sink: RecvSink | undefined;
	#over = false;

	constructor(owner: StreamOwner, id: number, sink: RecvSink | undefined) {
		this.#owner = owner;
		this.#id = id;
		this.#sink = sink;
	}

	accept(sink: RecvSink): void {
		this.#sink = sink;
	}

	consumed(bytes: number): void {
		if (!this.#owner.live || bytes <= 0) return;
		this.#owner.channel.out.begin(Command.Consumed, this.#owner.id, this.#id, bytes);
	}

	stop(code: number): void {
		if (!this.#owner.live || this.#over) return;
		this.#owner.channel.out.begin(Command.Stop, this.#owner.id, this.#id, code);
		this.#end();
	}

	/** Bytes arrived. */
	data(chunk: Uint8Array, fin: boolean): void {
		// After a stop nothing is handed out, but what was under way has used up credit.
		if (this.#over) {
			this.consumed(chunk.byteLength);
			return;
		}
		if (fin) this.#end();
		this.#sink?.onData(chunk, fin);
	}

	/** The peer reset the half. */
	reset(code: number): void {
		if (this.#over) return;
		this.#end();
		this.#sink?.onReset(code);
	}

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#owner.halfEnded(this.#id);
	}
}

/** Stream code 26: the worker is too far behind to start another play. */
const LAGGED = 26;
