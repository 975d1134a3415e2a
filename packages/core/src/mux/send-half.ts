/**
 * The sending half of a stream.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { STREAM_SEND_BYTES_MAX } from "../limits.ts";
import type { Tape } from "../tape.ts";
import type { SendSink, SendStream } from "../transport.ts";
import { Outgoing } from "./outgoing.ts";
import type { StreamKind } from "./stream-id.ts";

/** Who a sending half belongs to: the control streams, or a play of a lane. Called inside tapes' events: only takes notes. */
export interface SendHalfOwner {
	/** It may have something to send. */
	onReady(half: SendHalf): void;
	/** `abandoned` was set: it is to be reset. */
	onAbandoned(half: SendHalf): void;
	/** Its priority changes to `priority`. */
	onPrioritised(half: SendHalf, priority: number): void;
	/** It is over: sent whole, or reset. */
	onOver(half: SendHalf): void;
	/** The peer wants no more of it; it is over already. */
	onStopped(half: SendHalf, code: number): void;
}

/** The sending half of a stream that either side opened, or that still waits to be opened. */
export class SendHalf implements SendStream {
	readonly kind: StreamKind;
	readonly owner: SendHalfOwner;
	readonly outgoing: Outgoing = new Outgoing();
	/** Where a control stream's events go. */
	sink: SendSink | undefined;
	/** Undefined until it is opened. */
	id: number | undefined;
	/** Bytes sent so far. */
	sentBytes = 0;
	/** Bytes that the peer allows. */
	creditBytes = 0;
	priority = 0;
	/** The code it is to be reset with; undefined while it lives. */
	abandoned: number | undefined;
	/** Abandoned by policy: unless it was opened, the peer need not hear of it. */
	discarded = false;
	#over = false;
	#detach: (() => void) | undefined;

	constructor(kind: StreamKind, owner: SendHalfOwner) {
		this.kind = kind;
		this.owner = owner;
	}

	/** After FIN, reset, or the connection's end. */
	get over(): boolean {
		return this.#over;
	}

	/** Bytes that are there and that the peer's credit for this stream lets go. */
	get sendableBytes(): number {
		return Math.min(this.outgoing.unsentBytes, this.creditBytes - this.sentBytes);
	}

	/** Whether sending all that is there ends the half. */
	get finDue(): boolean {
		return this.outgoing.complete;
	}

	/** Whether it takes no more bytes and sends none. */
	get #ended(): boolean {
		return this.#over || this.abandoned !== undefined;
	}

	/** @inheritDoc */
	write(bytes: Uint8Array): boolean {
		if (this.#ended) return true;
		this.outgoing.write(bytes);
		this.owner.onReady(this);
		return this.outgoing.unsentBytes <= STREAM_SEND_BYTES_MAX;
	}

	/** @inheritDoc */
	play(tape: Tape): void {
		if (this.#ended || !this.outgoing.writable) return;
		this.outgoing.follow(tape);
		let attached = false;
		const ready = (): void => {
			// What is on the tape already is told chunk by chunk; once is enough.
			if (attached) this.owner.onReady(this);
		};
		const abort = (code: number): void => this.reset(code);
		this.#detach = tape.attach({ append: ready, finish: ready, abort, evict: () => abort(Code.Evicted) });
		attached = true;
		ready();
	}

	/** @inheritDoc */
	finish(): void {
		if (this.#ended || !this.outgoing.writable) return;
		this.outgoing.finish();
		this.owner.onReady(this);
	}

	/** @inheritDoc */
	reset(code: number): void {
		if (this.#ended) return;
		this.abandoned = code;
		this.owner.onAbandoned(this);
	}

	/** As `reset`, of a half that policy gives up. */
	discard(code: number): void {
		if (this.#ended) return;
		this.discarded = true;
		this.reset(code);
	}

	/** @inheritDoc */
	prioritise(priority: number): void {
		if (this.#ended || priority === this.priority) return;
		this.owner.onPrioritised(this, priority);
	}

	/** Nothing more is sent. Not to be called inside a tape's event: it leaves the tape. */
	end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#detach?.();
		this.#detach = undefined;
		this.owner.onOver(this);
	}
}
