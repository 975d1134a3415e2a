/**
 * The sending halves that are no plays: streams that core opens, and answers on streams of the peer's.
 * @module
 */
import { STREAMS_PENDING_MAX } from "../limits.ts";
import type { SendSink } from "../transport.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { SendHalf, type SendHalfOwner } from "./send-half.ts";
import type { StreamKind } from "./stream-id.ts";

/** What the control streams ask of the sending side. */
export interface ControlOwner {
	post(event: () => void): void;
	wake(): void;
	onAbandoned(half: SendHalf): void;
}

/** Keeps those that have something to send, and those that wait for the peer's stream limit. */
export class ControlStreams implements SendHalfOwner {
	readonly #owner: ControlOwner;
	readonly #ready = new ReadyQueue();
	/** What to do with each once it is opened, in order. */
	readonly #pending: Readonly<Record<StreamKind, Map<SendHalf, (id: number) => void>>> = {
		bidi: new Map(),
		uni: new Map(),
	};

	constructor(owner: ControlOwner) {
		this.#owner = owner;
	}

	/** A new half; undefined when too many wait already. `onOpen` is called when the peer's limit lets it be opened. */
	open(kind: StreamKind, sink: SendSink | undefined, onOpen: (id: number) => void): SendHalf | undefined {
		if (this.#pending.bidi.size + this.#pending.uni.size >= STREAMS_PENDING_MAX) return undefined;
		const half = new SendHalf(kind, this);
		half.sink = sink;
		this.#pending[kind].set(half, onOpen);
		return half;
	}

	/** The sending half of a stream that the peer opened. */
	adopt(id: number, creditBytes: number): SendHalf {
		const half = new SendHalf("bidi", this);
		half.id = id;
		half.creditBytes = creditBytes;
		return half;
	}

	/** The first that waits to be opened, taken out. */
	takePending(kind: StreamKind): { half: SendHalf; onOpen: (id: number) => void } | undefined {
		const first = this.#pending[kind].entries().next().value;
		if (first === undefined) return undefined;
		this.#pending[kind].delete(first[0]);
		return { half: first[0], onOpen: first[1] };
	}

	/** The next that may have something to send, taken out. */
	take(): SendHalf | undefined {
		return this.#ready.take();
	}

	/** It has more to send: behind its equals, in this turn or when the pipe has drained. */
	again(half: SendHalf): void {
		this.#ready.add(half);
	}

	/** The connection is over: those that wait leave their tapes. */
	close(): void {
		for (const pending of [this.#pending.bidi, this.#pending.uni]) {
			for (const half of pending.keys()) half.end();
		}
	}

	/** @inheritDoc */
	onReady(half: SendHalf): void {
		if (half.id !== undefined) this.#ready.add(half);
		this.#owner.wake();
	}

	/** @inheritDoc */
	onAbandoned(half: SendHalf): void {
		this.#ready.delete(half);
		this.#owner.onAbandoned(half);
	}

	/** @inheritDoc */
	onPrioritised(half: SendHalf, priority: number): void {
		this.#ready.prioritise(half, priority);
	}

	/** @inheritDoc */
	onOver(half: SendHalf): void {
		this.#ready.delete(half);
		this.#pending[half.kind].delete(half);
	}

	/** @inheritDoc */
	onStopped(half: SendHalf, code: number): void {
		const { sink } = half;
		if (sink !== undefined) this.#owner.post(() => sink.onStop(code));
	}
}
