/**
 * The streams of one in-memory endpoint: ids, limits both ways, and what is open.
 * @module
 */
import { limits } from "@moq-relay/core";
import type { RecvHalf } from "./recv-half.ts";
import type { SendHalf } from "./send-half.ts";

/** One open stream; unidirectional ones have one half. */
export interface OpenStream {
	readonly send: SendHalf | undefined;
	readonly recv: RecvHalf | undefined;
	sendDone: boolean;
	recvDone: boolean;
}

/** Which streams there are, and which may be opened. */
export class Streams {
	readonly #server: boolean;
	readonly #open = new Map<number, OpenStream>();
	/** Every stream that the peer ever opened, since its frames may come after its end. */
	readonly #seen = new Set<number>();
	#opened = { bidi: 0, uni: 0 };
	/** How many we may open in all. */
	#limit: { bidi: number; uni: number };
	/** How many the peer may open in all. */
	#granted: { bidi: number; uni: number };

	constructor(server: boolean, streamsMax: number) {
		this.#server = server;
		this.#limit = { bidi: streamsMax, uni: streamsMax };
		this.#granted = { bidi: streamsMax, uni: streamsMax };
	}

	/** The id of a stream that we open now; undefined when `STREAMS_PENDING_MAX` wait already. */
	allocate(kind: "bidi" | "uni"): number | undefined {
		const index = this.#opened[kind];
		if (index - this.#limit[kind] >= limits.STREAMS_PENDING_MAX) return undefined;
		this.#opened[kind]++;
		return index * 4 + (kind === "uni" ? 2 : 0) + (this.#server ? 1 : 0);
	}

	add(id: number, halves: { readonly send?: SendHalf; readonly recv?: RecvHalf }): void {
		this.#open.set(id, {
			send: halves.send,
			recv: halves.recv,
			sendDone: halves.send === undefined,
			recvDone: halves.recv === undefined,
		});
	}

	get(id: number): OpenStream | undefined {
		return this.#open.get(id);
	}

	/** True for a stream that the peer opens, the first time it shows up. */
	isNew(id: number): boolean {
		if (this.isOwn(id) || this.#seen.has(id)) return false;
		this.#seen.add(id);
		return true;
	}

	/** True for a stream that we opened. */
	isOwn(id: number): boolean {
		return (id & 1) === (this.#server ? 1 : 0);
	}

	/** False while a stream that we opened waits for the peer's limit. */
	mayUse(id: number): boolean {
		return !this.isOwn(id) || id >> 2 < this.#limit[kindOf(id)];
	}

	/** The peer lets us open so many in all. */
	raise(kind: "bidi" | "uni", limit: number): void {
		this.#limit[kind] = Math.max(this.#limit[kind], limit);
	}

	/** One half ended. Returns the new limit to tell the peer when that ended a stream it had opened. */
	end(id: number, half: "sendDone" | "recvDone"): { readonly uni: boolean; readonly limit: number } | undefined {
		const stream = this.#open.get(id);
		if (stream === undefined) return undefined;
		stream[half] = true;
		if (!stream.sendDone || !stream.recvDone) return undefined;
		this.#open.delete(id);
		if (this.isOwn(id)) return undefined;
		return { uni: kindOf(id) === "uni", limit: ++this.#granted[kindOf(id)] };
	}

	/** Sending halves with something to send, given the peer's limits and so much session credit. */
	*ready(sessionBytes: number): Generator<SendHalf> {
		for (const [id, { send, sendDone }] of this.#open) {
			if (send !== undefined && !sendDone && send.ready(sessionBytes) && this.mayUse(id)) yield send;
		}
	}

	clear(): void {
		for (const { send } of this.#open.values()) send?.die();
		this.#open.clear();
	}
}

function kindOf(id: number): "bidi" | "uni" {
	return (id & 2) === 0 ? "bidi" : "uni";
}
