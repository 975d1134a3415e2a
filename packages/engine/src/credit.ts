/**
 * Read credit of one connection, returned in larger pieces than it is consumed in.
 * @module
 */
import type { Link } from "./lane.ts";
import { SESSION_CREDIT_BYTES, STREAM_CREDIT_BYTES } from "./limits.ts";

/**
 * Collects consumed bytes. What is kept back stays so far below the read-ahead that the peer is never held up by it:
 * STREAM_CREDIT_BYTES for each stream, SESSION_CREDIT_BYTES for all together.
 */
export class Credit {
	readonly #link: Link;
	readonly #streams = new Map<number, number>();
	#kept = 0;

	constructor(link: Link) {
		this.#link = link;
	}

	/** Bytes of a stream were consumed; it may be over. */
	add(stream: number, bytes: number): void {
		if (bytes <= 0) return;
		const kept = (this.#streams.get(stream) ?? 0) + bytes;
		this.#streams.set(stream, kept);
		this.#kept += bytes;
		if (this.#kept >= SESSION_CREDIT_BYTES) this.#returnAll();
		else if (kept >= STREAM_CREDIT_BYTES) this.#return(stream, kept);
	}

	#returnAll(): void {
		for (const [stream, kept] of this.#streams) this.#return(stream, kept);
	}

	#return(stream: number, kept: number): void {
		this.#streams.delete(stream);
		this.#kept -= kept;
		if (!this.#link.over) this.#link.commands.credit(this.#link.key, stream, kept);
	}
}
