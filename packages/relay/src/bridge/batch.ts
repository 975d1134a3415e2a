/**
 * One turn's commands or events as two arrays, which are moved to the other thread, not copied.
 * @module
 */
import { PIN_RATIO_MAX } from "./limits.ts";

/** What is posted: a batch, and how many batches of the other direction have been dealt with since the last one. */
export interface Batch {
	readonly numbers: Float64Array<ArrayBuffer>;
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly acknowledged: number;
}

/** Collects one batch. */
export class BatchWriter {
	#numbers: Float64Array<ArrayBuffer> = new Float64Array(NUMBERS_MIN);
	#length = 0;
	#parts: Uint8Array[] = [];
	#byteLength = 0;
	#entries = 0;

	/** Commands or events so far. */
	get entries(): number {
		return this.#entries;
	}

	/** Payload bytes so far. */
	get byteLength(): number {
		return this.#byteLength;
	}

	/** Where the next number goes; `patch` changes it later. */
	get position(): number {
		return this.#length;
	}

	/** Begin a command or an event with its number and its first fields. */
	begin(op: number, ...fields: readonly number[]): void {
		this.#entries += 1;
		this.number(op);
		for (const field of fields) this.number(field);
	}

	/** One more field. */
	number(value: number): void {
		if (this.#length === this.#numbers.length) {
			const grown = new Float64Array(this.#numbers.length * 2);
			grown.set(this.#numbers);
			this.#numbers = grown;
		}
		this.#numbers[this.#length] = value;
		this.#length += 1;
	}

	/** A length field and its bytes; they are read when the batch is taken, and must not change until then. */
	chunk(bytes: Uint8Array): void {
		this.number(bytes.byteLength);
		if (bytes.byteLength === 0) return;
		this.#parts.push(bytes);
		this.#byteLength += bytes.byteLength;
	}

	/** A text, as UTF-8. */
	text(value: string): void {
		this.chunk(ENCODER.encode(value));
	}

	/** Replace a number written before. */
	patch(position: number, value: number): void {
		this.#numbers[position] = value;
	}

	/** The batch so far; the writer starts over. */
	take(acknowledged: number): Batch {
		const bytes = new Uint8Array(this.#byteLength);
		let at = 0;
		for (const part of this.#parts) {
			bytes.set(part, at);
			at += part.byteLength;
		}
		const batch = { numbers: this.#numbers.slice(0, this.#length), bytes, acknowledged };
		this.#length = 0;
		this.#parts = [];
		this.#byteLength = 0;
		this.#entries = 0;
		return batch;
	}
}

/** Reads one batch. Both ends are ours, so a batch that does not fit is a programming error: it throws RangeError. */
export class BatchReader {
	readonly #batch: Batch;
	#at = 0;
	#byteAt = 0;

	constructor(batch: Batch) {
		this.#batch = batch;
	}

	/** Whether a command or event is left. */
	get more(): boolean {
		return this.#at < this.#batch.numbers.length;
	}

	/** The next number. */
	number(): number {
		const value = this.#batch.numbers[this.#at];
		if (value === undefined) throw new RangeError("bridge batch ends early");
		this.#at += 1;
		return value;
	}

	/** The next bytes, the receiver's to keep. */
	chunk(): Uint8Array {
		const length = this.number();
		const { bytes } = this.#batch;
		const end = this.#byteAt + length;
		if (end > bytes.byteLength) throw new RangeError("bridge bytes end early");
		const view = bytes.subarray(this.#byteAt, end);
		this.#byteAt = end;
		return length * PIN_RATIO_MAX < bytes.byteLength ? view.slice() : view;
	}

	/** The next text. */
	text(): string {
		return DECODER.decode(this.chunk());
	}
}

const NUMBERS_MIN = 256;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
