/**
 * Derives a group's body in another encoding from its canonical tape.
 * @module
 */
import { FrameReader } from "@moq-relay/wire";
import { type Encoding, Tape, type TapeSink } from "../tape.ts";
import { keepStamp, Reframer } from "./reframer.ts";

/** Follows the canonical tape and keeps a second one up to date with it. */
export class Transcoder implements TapeSink {
	readonly tape: Tape;
	readonly #reader: FrameReader;
	readonly #reframer: Reframer;
	readonly #onGrow: () => void;

	/** `onGrow` is told after each append, so that the bytes are charged. */
	constructor(encoding: Encoding, onGrow: () => void) {
		this.tape = new Tape(encoding);
		this.#reframer = new Reframer(this.tape, keepStamp);
		this.#reader = new FrameReader("lite-05", this.#reframer);
		this.#onGrow = onGrow;
	}

	/** The bytes were checked when they came in, so the reader does not throw. */
	append(chunk: Uint8Array): void {
		this.#reader.push(chunk);
		this.#reframer.flush();
		this.#onGrow();
	}

	finish(): void {
		this.tape.finish();
	}

	abort(code: number): void {
		this.tape.abort(code);
	}

	evict(): void {
		this.tape.evict();
	}
}
