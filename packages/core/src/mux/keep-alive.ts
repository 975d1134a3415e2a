/**
 * Whether the peer is still there, in framings that have pings.
 * @module
 */
import { Code, encodePing, Malformed, type PingFrame, type Varint62 } from "@moq-relay/wire";
import type { MuxHost } from "./host.ts";
import { IDLE_MS } from "./limits.ts";

/**
 * Ends a connection that hears nothing for the idle time, which is the shorter of both sides'; pings when either direction
 * was silent for a third of it, since the peer may be counting too.
 */
export class KeepAlive {
	readonly #host: MuxHost;
	readonly #onSilence: () => void;
	/** The longest silence that we bear, whatever the peer would. */
	readonly #ownIdleMs: number;
	#idleMs: number;
	#checkedMs: number;
	#heardMs: number;
	#saidMs: number;
	#cancel: (() => void) | undefined;
	#nextSequence = 0;
	/** When the last ping went out, while it is not answered. */
	#pingMs: number | undefined;
	#highestAsked: Varint62 = -1;
	#answer: Varint62 | undefined;
	/** The last ping's time there and back, in ms; 0 before the first. */
	rttMs = 0;

	/** `onSilence` is told when the idle time is over. */
	constructor(host: MuxHost, options: { readonly idleMs?: number | undefined; readonly onSilence: () => void }) {
		const { idleMs = IDLE_MS, onSilence } = options;
		this.#ownIdleMs = idleMs;
		this.#idleMs = idleMs;
		this.#host = host;
		this.#onSilence = onSilence;
		this.#heardMs = host.clock.nowMs();
		this.#saidMs = this.#heardMs;
		this.#checkedMs = this.#heardMs;
	}

	/** Begin to watch, or go on with the peer's idle time (0 for none of its own). */
	start(peerIdleMs: number): void {
		this.#idleMs = peerIdleMs === 0 ? this.#ownIdleMs : Math.min(this.#ownIdleMs, peerIdleMs);
		this.stop();
		this.#checkedMs = this.#host.clock.nowMs();
		this.#wait();
	}

	/** No more. */
	stop(): void {
		this.#cancel?.();
		this.#cancel = undefined;
	}

	/** Something came. */
	heard(): void {
		this.#heardMs = this.#host.clock.nowMs();
	}

	/** Something went out. */
	said(): void {
		this.#saidMs = this.#host.clock.nowMs();
	}

	/** A QX_PING frame; `strict` holds the peer to its sequence. @throws Malformed when it breaks it. */
	onPing(frame: PingFrame, strict: boolean): void {
		if (frame.response) this.#onResponse(frame.sequence, strict);
		else {
			if (strict && frame.sequence <= this.#highestAsked) {
				throw new Malformed("ping sequence does not increase", Code.ProtocolViolation);
			}
			this.#highestAsked = frame.sequence;
			// Of several that wait, the last answers for all: a peer that pings and does not read gains nothing.
			this.#answer = frame.sequence;
			this.#host.wake();
		}
	}

	/** Send the answer that is due. */
	sendAnswer(): void {
		if (this.#answer === undefined) return;
		this.#host.sendControl(encodePing({ response: true, sequence: this.#answer }));
		this.#answer = undefined;
	}

	#onResponse(sequence: Varint62, strict: boolean): void {
		if (strict && sequence >= this.#nextSequence) {
			throw new Malformed("answer to a ping that was never sent", Code.ProtocolViolation);
		}
		if (this.#pingMs === undefined || sequence !== this.#nextSequence - 1) return;
		this.rttMs = this.#host.clock.nowMs() - this.#pingMs;
		this.#pingMs = undefined;
	}

	#wait(): void {
		this.#cancel = this.#host.clock.after(this.#idleMs / CHECKS, () => {
			this.#check();
		});
	}

	#check(): void {
		const nowMs = this.#host.clock.nowMs();
		// Who was held up itself has not listened either: what the peer sent meanwhile is still to be read.
		const wasHeldUp = nowMs - this.#checkedMs > (2 * this.#idleMs) / CHECKS;
		this.#checkedMs = nowMs;
		if (nowMs - this.#heardMs > this.#idleMs && !wasHeldUp) {
			this.#cancel = undefined;
			this.#onSilence();
			return;
		}
		const quietMs = nowMs - Math.min(this.#heardMs, this.#saidMs);
		// A third, less half a check: timers may be a little early.
		if (quietMs >= this.#idleMs / 3 - this.#idleMs / CHECKS / 2) this.#ping(nowMs);
		this.#wait();
	}

	#ping(nowMs: number): void {
		this.#pingMs = nowMs;
		this.#host.sendControl(encodePing({ response: false, sequence: this.#nextSequence++ }));
	}
}

/** Checks in one idle time. */
const CHECKS = 6;
