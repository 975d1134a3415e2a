/**
 * What the peer opens: every stream finds its part of the session here.
 * @module
 */
import { BidiType, Code, type MessageReader } from "@moq-relay/wire";
import type { BidiStream, RecvSink, RecvStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { SessionError, StreamError } from "./error.ts";
import { receiveGoaway } from "./goaway.ts";
import { IncomingUni, type UniTakers } from "./incoming-uni.ts";
import type { SessionLimits } from "./limits.ts";
import { type MessageHandler, MessageStream, type Opening } from "./message-stream.ts";
import type { SessionParts } from "./parts.ts";
import { RateLimit } from "./rate.ts";

/** Streams of the peer until their first message is there. */
export class StreamDispatch implements Opening {
	readonly #context: SessionContext;
	readonly #parts: SessionParts;
	readonly #takers: UniTakers;
	/** Deadlines; in the order of arrival, so the first is the earliest. */
	readonly #pending: Map<MessageStream | IncomingUni, number> = new Map();
	#cancelSweep: (() => void) | undefined;
	/** Unidirectional streams, by the limits that held when it was made. */
	#unis: { readonly limits: SessionLimits; readonly rate: RateLimit } | undefined;

	constructor(context: SessionContext, parts: SessionParts, onSetup: (body: Uint8Array) => void) {
		this.#context = context;
		this.#parts = parts;
		this.#takers = {
			requesting: parts.subscriptionRequesting,
			onSetup,
			onHead: (stream) => this.#pending.delete(stream),
		};
	}

	/** Streams that have not shown what they are. */
	get size(): number {
		return this.#pending.size;
	}

	onBidi(bidi: BidiStream): void {
		// Counted here and not by its message: a stream that is reset at once costs as much.
		if (!this.#context.over && !this.#context.messages.take()) {
			this.#context.fail(new SessionError(Code.BoundsExceeded, "too many requests a second"));
		}
		if (this.#isFull()) {
			bidi.recv.accept(DEAF);
			bidi.send.reset(Code.BoundsExceeded);
			bidi.recv.stop(Code.BoundsExceeded);
			return;
		}
		this.#await(MessageStream.accept(this.#context, bidi, { opening: this, parked: !this.#context.ready }));
	}

	onUni(recv: RecvStream): void {
		if (!this.#context.over && !this.#takeUni()) {
			this.#context.fail(new SessionError(Code.BoundsExceeded, "too many streams a second"));
		}
		if (this.#isFull()) {
			recv.accept(DEAF);
			recv.stop(Code.BoundsExceeded);
			return;
		}
		const stream = new IncomingUni(this.#context, recv, this.#takers);
		recv.accept(stream);
		this.#await(stream);
	}

	/** The session is ready: read what waited. */
	resume(): void {
		for (const stream of this.#pending.keys()) if (stream instanceof MessageStream) stream.resume();
	}

	/** The session is over. */
	close(): void {
		this.#pending.clear();
		this.#cancelSweep?.();
		this.#cancelSweep = undefined;
	}

	open(stream: MessageStream, type: number, reader: MessageReader): MessageHandler | undefined {
		if (!this.#isKnown(type)) throw new StreamError(Code.UnexpectedStream, `bidirectional stream of type ${type}`);
		// A probe stream begins and ends with its type.
		const body = type === BidiType.Probe ? NOTHING : reader.message(this.#context.limits.messageBytes);
		if (body === undefined) return undefined;
		const handler = this.#route(stream, type, body);
		this.#pending.delete(stream);
		return handler;
	}

	onGone(stream: MessageStream): void {
		this.#pending.delete(stream);
	}

	/** A type that the version lacks is as unknown as one that nobody has. */
	#isKnown(type: number): boolean {
		const { version } = this.#context;
		switch (type) {
			case BidiType.Announce:
			case BidiType.Subscribe:
				return true;
			case BidiType.Fetch:
				return version.fetch;
			case BidiType.Track:
				return version.track;
			case BidiType.Probe:
				return version.probe;
			case BidiType.Goaway:
				return version.goaway;
			default:
				return false;
		}
	}

	#route(stream: MessageStream, type: number, body: Uint8Array): MessageHandler | undefined {
		const parts = this.#parts;
		switch (type) {
			case BidiType.Announce:
				return parts.announceServing.open(stream, body);
			case BidiType.Subscribe:
				return parts.subscriptionServing.open(stream, body);
			case BidiType.Fetch:
				return parts.requestServing.fetch(stream, body);
			case BidiType.Track:
				return parts.requestServing.trackInfo(stream, body);
			case BidiType.Probe:
				return parts.probeServing.open(stream);
			default:
				return receiveGoaway(this.#context, stream, body);
		}
	}

	/** Count a unidirectional stream; false when they come too fast. */
	#takeUni(): boolean {
		const { clock, limits } = this.#context;
		// A grant may have brought other limits since.
		if (this.#unis?.limits !== limits) {
			const rate = new RateLimit(clock, { perSecond: limits.uniStreamsPerSecond, burst: limits.uniStreamBurst });
			this.#unis = { limits, rate };
		}
		return this.#unis.rate.take();
	}

	/** Whether one more silent stream is too many; once the session has ended, it is. */
	#isFull(): boolean {
		if (this.#context.over) return true;
		if (this.#pending.size < this.#context.limits.pendingStreams) return false;
		this.#context.report({
			dies: "stream",
			part: "stream",
			code: Code.BoundsExceeded,
			reason: "too many silent streams",
		});
		return true;
	}

	#await(stream: MessageStream | IncomingUni): void {
		const { clock, limits } = this.#context;
		this.#pending.set(stream, clock.nowMs() + limits.firstMessageMs);
		this.#cancelSweep ??= clock.after(limits.firstMessageMs, () => this.#sweep());
	}

	/** One timer for all: group streams come and go far too often for one each. */
	#sweep(): void {
		this.#cancelSweep = undefined;
		const { clock } = this.#context;
		const nowMs = clock.nowMs();
		for (const [stream, deadlineMs] of this.#pending) {
			if (deadlineMs > nowMs) {
				this.#cancelSweep = clock.after(deadlineMs - nowMs, () => this.#sweep());
				return;
			}
			this.#pending.delete(stream);
			stream.abort(Code.Timeout);
			this.#context.report({ dies: "stream", part: "stream", code: Code.Timeout, reason: "no first message" });
		}
	}
}

/** Takes what a refused stream still has under way. */
const DEAF: RecvSink = { onData: () => {}, onReset: () => {} };
const NOTHING: Uint8Array = new Uint8Array(0);
