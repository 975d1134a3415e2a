/**
 * The payloads of a group, at the pace of whoever sends them on.
 * @module
 */
import type { Tape } from "@moq-relay/core";
import { FrameReader } from "@moq-relay/wire";

/** Reads a tape chunk by chunk, so that one who is slow holds a place in it and no copy of it. */
export class PayloadReader {
	readonly #tape: Tape;
	readonly #reader: FrameReader;
	/** Chunks of the tape that have been read. */
	#chunks = 0;
	/** What the last of them held, and how much of it has been handed out. */
	#pieces: Uint8Array[] = [];
	#handed = 0;

	/** The tape must be of the encoding "lite-05". */
	constructor(tape: Tape) {
		this.#tape = tape;
		const onPayload = (bytes: Uint8Array): void => void this.#pieces.push(bytes);
		this.#reader = new FrameReader("lite-05", { onFrame: () => {}, onPayload, onFrameEnd: () => {} });
	}

	/** The next bytes of the payloads, shared and not to be written to; undefined when there are no more (yet). */
	next(): Uint8Array | undefined {
		while (this.#handed === this.#pieces.length) {
			const chunk = this.#tape.chunks[this.#chunks];
			if (chunk === undefined) return undefined;
			this.#chunks += 1;
			this.#pieces = [];
			this.#handed = 0;
			this.#reader.push(chunk);
		}
		const piece = this.#pieces[this.#handed];
		this.#handed += 1;
		return piece;
	}
}
