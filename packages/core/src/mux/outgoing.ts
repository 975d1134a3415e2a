/**
 * What a stream has still to send: bytes of its own, then perhaps a tape.
 * @module
 */
import type { Tape } from "../tape.ts";

/** A position in a stream's bytes. Nothing is copied: chunks of a tape are shared by all that play it. */
export class Outgoing {
	/** Bytes of the stream's own; the first `#chunkOffset` of the first are gone. */
	#chunks: Uint8Array[] = [];
	#chunkOffset = 0;
	#chunkBytes = 0;
	#tape: Tape | undefined;
	#tapeIndex = 0;
	#tapeOffset = 0;
	#tapeTaken = 0;
	#finished = false;

	/** Whether bytes or a tape may still be added. */
	get writable(): boolean {
		return !this.#finished && this.#tape === undefined;
	}

	/** Bytes that could be sent now. */
	get unsentBytes(): number {
		return this.#chunkBytes + (this.#tape === undefined ? 0 : this.#tape.byteLength - this.#tapeTaken);
	}

	/** Whether nothing comes after what is there now. */
	get complete(): boolean {
		return this.#finished || this.#tape?.state === "finished";
	}

	/** Add bytes; ignored after the end. */
	write(bytes: Uint8Array): void {
		if (!this.writable || bytes.length === 0) return;
		this.#chunks.push(bytes);
		this.#chunkBytes += bytes.length;
	}

	/** Nothing more comes. */
	finish(): void {
		this.#finished = true;
	}

	/** Everything of `tape` comes next, as far as it goes, and then the end. */
	follow(tape: Tape): void {
		this.#tape = tape;
	}

	/** Move up to `bytes` bytes, which must be there, to `parts`, by reference. */
	take(bytes: number, parts: Uint8Array[]): void {
		let left = bytes;
		while (left > 0 && this.#chunkBytes > 0) left -= this.#takeChunk(left, parts);
		while (left > 0) left -= this.#takeTape(left, parts);
	}

	#takeChunk(most: number, parts: Uint8Array[]): number {
		const chunk = this.#chunks[0] as Uint8Array;
		const end = Math.min(chunk.length, this.#chunkOffset + most);
		const taken = end - this.#chunkOffset;
		parts.push(view(chunk, this.#chunkOffset, end));
		this.#chunkBytes -= taken;
		this.#chunkOffset = end;
		if (end === chunk.length) {
			this.#chunks.shift();
			this.#chunkOffset = 0;
		}
		return taken;
	}

	#takeTape(most: number, parts: Uint8Array[]): number {
		const chunk = this.#tape?.chunks[this.#tapeIndex];
		if (chunk === undefined) throw new RangeError("more was taken than there is");
		const end = Math.min(chunk.length, this.#tapeOffset + most);
		const taken = end - this.#tapeOffset;
		parts.push(view(chunk, this.#tapeOffset, end));
		this.#tapeTaken += taken;
		this.#tapeOffset = end;
		if (end === chunk.length) {
			this.#tapeIndex++;
			this.#tapeOffset = 0;
		}
		return taken;
	}
}

function view(chunk: Uint8Array, start: number, end: number): Uint8Array {
	return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
}
