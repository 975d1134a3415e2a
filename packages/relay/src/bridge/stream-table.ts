/**
 * The streams of one bridged connection by their number on the bridge. Ended ones linger for a while, since the port
 * allows a late reset or stop; both ends keep such a table, and they need not agree.
 * @module
 */
import { LINGERING_STREAMS_MAX } from "./limits.ts";

/** Streams by number. */
export class StreamTable<Stream> {
	readonly #streams = new Map<number, Stream>();
	readonly #lingering: number[] = [];

	get(id: number): Stream | undefined {
		return this.#streams.get(id);
	}

	set(id: number, stream: Stream): void {
		this.#streams.set(id, stream);
	}

	/** Nothing is expected of the stream any more; call once for each. */
	retire(id: number): void {
		this.#lingering.push(id);
		if (this.#lingering.length <= LINGERING_STREAMS_MAX) return;
		const oldest = this.#lingering.shift();
		if (oldest !== undefined) this.#streams.delete(oldest);
	}

	clear(): void {
		this.#streams.clear();
		this.#lingering.length = 0;
	}
}
