/**
 * A tape is one group's bytes in one encoding: append-only, held once however many viewers play it.
 *
 * Core owns the bytes; a transport attaches a sink the first time it plays the tape (once per engine or worker pool),
 * gets what is there, and then every append.
 *
 * @module
 */

/** The forms a group's frames take on the wire: moq-lite 01–04, and 05 (timestamps). moq-transport forms come later. */
export type Encoding = "lite-01" | "lite-05";

/** What a transport (or a transcoder) does with a tape's bytes. Called synchronously; must not throw. */
export interface TapeSink {
	/** `chunk` is shared and immutable from now on. */
	append(chunk: Uint8Array): void;
	finish(): void;
	/** The publisher gave the group up; `code` goes to viewers. */
	abort(code: number): void;
	/** The cache dropped the tape: plays of it end with 31 Evicted, and its bytes go. */
	evict(): void;
}

/** Where a tape stands. */
export type TapeState = "open" | "finished" | "aborted" | "evicted";

/** One group's bytes in one encoding. */
export class Tape {
	readonly encoding: Encoding;
	#chunks: Uint8Array[] = [];
	#byteLength = 0;
	#state: TapeState = "open";
	#code = 0;
	#sinks: TapeSink[] = [];

	constructor(encoding: Encoding) {
		this.encoding = encoding;
	}

	get state(): TapeState {
		return this.#state;
	}

	/** Bytes appended so far. */
	get byteLength(): number {
		return this.#byteLength;
	}

	/** The abort code; 0 unless aborted. */
	get code(): number {
		return this.#code;
	}

	/** Everything appended so far, in order; shared, not to be written to. */
	get chunks(): readonly Uint8Array[] {
		return this.#chunks;
	}

	/** Add bytes; ownership passes to the tape. Ignored once the tape has ended. */
	append(chunk: Uint8Array): void {
		if (this.#state !== "open" || chunk.byteLength === 0) return;
		this.#chunks.push(chunk);
		this.#byteLength += chunk.byteLength;
		for (const sink of this.#sinks) {
			sink.append(chunk);
			// A sink's answer may have ended the tape; the others were told that already.
			if (!this.#isOpen()) return;
		}
	}

	/** No more bytes. */
	finish(): void {
		if (this.#state !== "open") return;
		this.#state = "finished";
		for (const sink of this.#sinks) sink.finish();
	}

	/** Give the group up with a stream code. */
	abort(code: number): void {
		if (this.#state !== "open") return;
		this.#state = "aborted";
		this.#code = code;
		for (const sink of this.#sinks) sink.abort(code);
	}

	/** Drop the bytes; plays still running are reset with 31 Evicted. */
	evict(): void {
		if (this.#state === "evicted") return;
		this.#state = "evicted";
		this.#chunks = [];
		const sinks = this.#sinks;
		this.#sinks = [];
		for (const sink of sinks) sink.evict();
	}

	/** Replay everything so far into `sink` (its end included), then pass on what follows. Returns the detachment. */
	attach(sink: TapeSink): () => void {
		for (const chunk of this.#chunks) sink.append(chunk);
		if (this.#state === "finished") sink.finish();
		if (this.#state === "aborted") sink.abort(this.#code);
		if (this.#state === "evicted") {
			sink.evict();
			return () => {};
		}
		// Copied, since a sink may attach or detach one while all are being told: the new one has the chunk already.
		this.#sinks = [...this.#sinks, sink];
		return () => {
			this.#sinks = this.#sinks.filter((attached) => attached !== sink);
		};
	}

	#isOpen(): boolean {
		return this.#state === "open";
	}
}
