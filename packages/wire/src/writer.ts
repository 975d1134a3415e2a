/**
 * Builds one message, or several in a row, in one growing buffer.
 * @module
 */
import { writeUtf8 } from "./utf8.ts";
import { type Varint62, varintLength, writeVarint } from "./varint.ts";

/** Writes fields one after another; `finish` hands the bytes out. Integers out of range throw `RangeError`. */
export class Writer {
	#bytes: Uint8Array;
	#at = 0;

	/** `capacity`: bytes to begin with; a good guess saves a copy. */
	constructor(capacity: number = 64) {
		this.#bytes = new Uint8Array(capacity);
	}

	/** Bytes written so far. */
	get length(): number {
		return this.#at;
	}

	/** One byte. */
	u8(value: number): this {
		checkUint(value, 0xff);
		this.#reserve(1);
		this.#bytes[this.#at++] = value;
		return this;
	}

	/** Two bytes, big-endian. */
	u16(value: number): this {
		checkUint(value, 0xffff);
		return this.u8(value >> 8).u8(value & 0xff);
	}

	/** One byte, 0 or 1. */
	bool(value: boolean): this {
		return this.u8(value ? 1 : 0);
	}

	/** The shortest varint of a value up to 2^62-1. */
	varint(value: Varint62): this {
		this.#reserve(8);
		this.#at = writeVarint(this.#bytes, this.#at, value);
		return this;
	}

	/** An optional integer: none is 0 on the wire, else value + 1. */
	optional(value: number | undefined): this {
		return this.varint(value === undefined ? 0 : value + 1);
	}

	/** A size-prefixed text in UTF-8. */
	string(text: string): this {
		const mark = this.open();
		this.#reserve(3 * text.length);
		this.#at = writeUtf8(this.#bytes, this.#at, text);
		return this.close(mark);
	}

	/** Bytes as they are. */
	bytes(bytes: Uint8Array): this {
		this.#reserve(bytes.length);
		this.#bytes.set(bytes, this.#at);
		this.#at += bytes.length;
		return this;
	}

	/** Begin a size-prefixed part; give the mark to `close`. Parts may nest. */
	open(): number {
		this.#reserve(1);
		return this.#at++;
	}

	/** End the part that `open` began: its size goes before it, moving it only when one byte does not hold the size. */
	close(mark: number): this {
		const size = this.#at - mark - 1;
		const length = varintLength(size);
		if (length > 1) {
			this.#reserve(length - 1);
			this.#bytes.copyWithin(mark + length, mark + 1, this.#at);
			this.#at += length - 1;
		}
		writeVarint(this.#bytes, mark, size);
		return this;
	}

	/** Everything written. The array is the caller's; the writer must not be used afterwards. */
	finish(): Uint8Array {
		return this.#bytes.subarray(0, this.#at);
	}

	#reserve(count: number): void {
		const needed = this.#at + count;
		if (needed <= this.#bytes.length) return;
		const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
		grown.set(this.#bytes.subarray(0, this.#at));
		this.#bytes = grown;
	}
}

function checkUint(value: number, max: number): void {
	if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${value} is not within 0–${max}`);
}
