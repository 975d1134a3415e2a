/**
 * All streams that are open.
 * @module
 */
import type { RecvHalf } from "./recv-half.ts";
import type { SendHalf } from "./send-half.ts";

/** A stream's halves; one that is over is undefined. */
export interface OpenStream {
	readonly id: number;
	send: SendHalf | undefined;
	recv: RecvHalf | undefined;
}

/** Streams by id, each until both its halves are over. */
export class StreamTable {
	readonly #streams = new Map<number, OpenStream>();
	readonly #onGone: (id: number) => void;

	/** `onGone` is told the id of each stream whose halves are over. */
	constructor(onGone: (id: number) => void) {
		this.#onGone = onGone;
	}

	/** Streams that are open. */
	get size(): number {
		return this.#streams.size;
	}

	get(id: number): OpenStream | undefined {
		return this.#streams.get(id);
	}

	/** A stream that was opened. */
	add(stream: OpenStream): void {
		this.#streams.set(stream.id, stream);
	}

	/** A half is over. */
	endHalf(id: number, half: "send" | "recv"): void {
		const stream = this.#streams.get(id);
		if (stream === undefined) return;
		stream[half] = undefined;
		if (stream.send !== undefined || stream.recv !== undefined) return;
		this.#streams.delete(id);
		this.#onGone(id);
	}

	/** All that are open. */
	values(): IterableIterator<OpenStream> {
		return this.#streams.values();
	}

	/** Forget all, without a word. */
	clear(): void {
		this.#streams.clear();
	}
}
