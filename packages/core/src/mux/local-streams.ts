/**
 * Streams of one kind that we open.
 * @module
 */
import { LOCAL_STREAMS_MAX } from "./limits.ts";
import { makeStreamId, type StreamKind } from "./stream-id.ts";

/** Gives out ids as far as the peer and our own bound allow. */
export class LocalStreams {
	readonly #kind: StreamKind;
	readonly #server: boolean;
	#limit: number;
	#next = 0;
	#open = 0;

	/** `limit`: what the peer allows from the start; Infinity for a framing without limits. */
	constructor(kind: StreamKind, server: boolean, limit: number) {
		this.#kind = kind;
		this.#server = server;
		this.#limit = limit;
	}

	/** How many could be opened now. */
	get available(): number {
		return Math.min(this.#limit - this.#next, LOCAL_STREAMS_MAX - this.#open);
	}

	/** Open one, which must be available. */
	open(): number {
		this.#open++;
		return makeStreamId(this.#next++, this.#kind, this.#server);
	}

	/** Whether the `index`-th was ever opened. */
	has(index: number): boolean {
		return index < this.#next;
	}

	/** One that was opened is over. */
	close(): void {
		this.#open--;
	}

	/** The peer allows more; a lower limit changes nothing. */
	raise(limit: number): void {
		if (limit > this.#limit) this.#limit = limit;
	}
}
