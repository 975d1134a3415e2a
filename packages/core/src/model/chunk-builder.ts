/**
 * Joins the small pieces of a body into fewer chunks.
 * @module
 */
import type { Tape } from "../tape.ts";
import { joinPieces } from "./pieces.ts";

/** Pieces from this size on go by reference; copying a smaller one costs less than the chunk it would be. */
const COPY_BYTES_MAX = 1024;

/** Collects pieces and appends them to a tape in order: neighbouring small ones as one chunk, large ones as they are. */
export class ChunkBuilder {
	readonly #tape: Tape;
	#pieces: Uint8Array[] = [];
	#byteLength = 0;

	constructor(tape: Tape) {
		this.#tape = tape;
	}

	/** The piece must not change afterwards. */
	add(piece: Uint8Array): void {
		if (piece.byteLength > COPY_BYTES_MAX) {
			this.flush();
			this.#tape.append(piece);
			return;
		}
		this.#pieces.push(piece);
		this.#byteLength += piece.byteLength;
	}

	/** Append what was collected. */
	flush(): void {
		const pieces = this.#pieces;
		if (pieces.length === 0) return;
		this.#pieces = [];
		const chunk = joinPieces(pieces, this.#byteLength);
		this.#byteLength = 0;
		this.#tape.append(chunk);
	}
}
