/**
 * One side of an in-memory carrier of messages.
 * @module
 */
import type { MessagePipe, MuxConnection } from "@moq-relay/core";
import { joinBytes } from "../bytes.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { VirtualClock } from "../virtual-clock.ts";

/** How messages travel. */
export interface PipeEndOptions {
	readonly clock: VirtualClock;
	readonly random: SeededRandom;
	/** Each message takes up to so long, in ms; the next waits for it. */
	readonly delayMs: number;
}

/** What was sent, and how it ends. */
type Item = { readonly message: Uint8Array } | { readonly close: readonly [code: number, reason: string] };

/** Sends to the other side, in order, each message in a turn of its own; what was not delivered yet counts as buffered. */
export class PipeEnd implements MessagePipe {
	readonly #options: PipeEndOptions;
	#items: Item[] = [];
	#bufferedBytes = 0;
	#travelling = false;
	#held = false;
	/** The connections at both ends. */
	#own: MuxConnection | undefined;
	#peer: MuxConnection | undefined;
	/** Set by a test that wants to see, change or swallow messages; what it returns is delivered. */
	tap: ((message: Uint8Array) => Uint8Array | undefined) | undefined;
	/** Messages delivered so far. */
	delivered = 0;
	/** The close code that was sent; undefined before. */
	closeCode: number | undefined;
	#pausePeer: (paused: boolean) => void = () => {};

	constructor(options: PipeEndOptions) {
		this.#options = options;
	}

	/** Tell it who sits where, and how to hold up what the other side sends. */
	join(ends: { own: MuxConnection; peer: MuxConnection; other: PipeEnd }): void {
		this.#own = ends.own;
		this.#peer = ends.peer;
		this.#pausePeer = (paused) => ends.other.hold(paused);
	}

	send(parts: readonly Uint8Array[]): void {
		if (this.closeCode !== undefined) throw new Error("send after close");
		const message = joinBytes(parts);
		this.#bufferedBytes += message.length;
		this.#items.push({ message });
		this.#travel();
	}

	bufferedBytes(): number {
		return this.#bufferedBytes;
	}

	close(code: number, reason: string): void {
		if (this.closeCode !== undefined) throw new Error("closed twice");
		this.closeCode = code;
		this.#items.push({ close: [code, reason] });
		this.#travel();
	}

	pause(paused: boolean): void {
		this.#pausePeer(paused);
	}

	/** Deliver nothing, or go on. */
	hold(held: boolean): void {
		this.#held = held;
		if (!held) this.#travel();
	}

	#travel(): void {
		if (this.#travelling || this.#held || this.#items.length === 0) return;
		this.#travelling = true;
		const { clock, random, delayMs } = this.#options;
		clock.after(delayMs * random.next(), () => {
			this.#travelling = false;
			if (!this.#held) this.#arrive();
			this.#travel();
		});
	}

	#arrive(): void {
		const item = this.#items.shift();
		if (item === undefined) return;
		if ("close" in item) {
			this.#peer?.pipeClosed(...item.close);
			return;
		}
		this.#bufferedBytes -= item.message.length;
		this.#options.clock.after(0, () => this.#own?.drained());
		const message = this.tap === undefined ? item.message : this.tap(item.message);
		if (message === undefined) return;
		this.delivered++;
		this.#peer?.receive(message);
	}
}
