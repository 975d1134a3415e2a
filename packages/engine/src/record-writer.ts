/**
 * The bytes of records: little-endian numbers, texts and byte strings with a 32-bit length before them.
 * @module
 */
import { INLINE_BYTES_MAX } from "./limits.ts";

const encoder = new TextEncoder();

/** Bytes before each body: the kind, three unused, the length. */
const HEADER_BYTES = 8;

/** Records one after the other in a buffer that grows and is used again. */
export class RecordWriter {
	#bytes = new Uint8Array(4096);
	#view = new DataView(this.#bytes.buffer);
	#length = 0;
	/** Start of the open record, -1 for none. */
	#start = -1;
	#payloads: Uint8Array[] = [];
	#payloadBytes = 0;

	/** What was written; valid until the next write. */
	get bytes(): Uint8Array {
		return this.#bytes;
	}

	/** Bytes of records. */
	get length(): number {
		return this.#length;
	}

	/** Byte strings that the records name by index. */
	get payloads(): Uint8Array[] {
		return this.#payloads;
	}

	/** Bytes of records and payloads. */
	get size(): number {
		return this.#length + this.#payloadBytes;
	}

	/** Start a record; the one before it is closed. */
	begin(kind: number): this {
		this.end();
		this.#start = this.#length;
		this.u8(kind);
		this.#length = this.#start + HEADER_BYTES;
		return this;
	}

	/** Close the open record, if any. */
	end(): void {
		if (this.#start < 0) return;
		this.#view.setUint32(this.#start + 4, this.#length - this.#start - HEADER_BYTES, true);
		this.#start = -1;
	}

	/** Forget everything; the memory is kept. */
	clear(): void {
		this.#length = 0;
		this.#start = -1;
		this.#payloads = [];
		this.#payloadBytes = 0;
	}

	u8(value: number): this {
		this.#reserve(HEADER_BYTES);
		this.#view.setUint8(this.#length, value);
		this.#length += 1;
		return this;
	}

	u16(value: number): this {
		this.#reserve(2);
		this.#view.setUint16(this.#length, value, true);
		this.#length += 2;
		return this;
	}

	u32(value: number): this {
		this.#reserve(4);
		this.#view.setUint32(this.#length, value, true);
		this.#length += 4;
		return this;
	}

	i32(value: number): this {
		return this.u32(value >>> 0);
	}

	f64(value: number): this {
		this.#reserve(8);
		this.#view.setFloat64(this.#length, value, true);
		this.#length += 8;
		return this;
	}

	bool(value: boolean): this {
		return this.u8(value ? 1 : 0);
	}

	/** Bytes without their length. */
	raw(value: Uint8Array): this {
		this.#reserve(value.byteLength);
		this.#bytes.set(value, this.#length);
		this.#length += value.byteLength;
		return this;
	}

	text(value: string): this {
		const bytes = encoder.encode(value);
		return this.u32(bytes.byteLength).raw(bytes);
	}

	textOption(value: string | undefined): this {
		return value === undefined ? this.u8(0) : this.u8(1).text(value);
	}

	bytesOption(value: Uint8Array | undefined): this {
		return value === undefined ? this.u8(0) : this.u8(1).u32(value.byteLength).raw(value);
	}

	texts(values: readonly string[]): this {
		this.u32(values.length);
		for (const value of values) this.text(value);
		return this;
	}

	/** A byte string: here when it is short, by reference when it is long. */
	payload(value: Uint8Array): this {
		if (value.byteLength <= INLINE_BYTES_MAX) return this.u8(0).u32(value.byteLength).raw(value);
		this.#payloadBytes += value.byteLength;
		return this.u8(1).u32(this.#payloads.push(value) - 1);
	}

	#reserve(more: number): void {
		const needed = this.#length + more;
		if (needed <= this.#bytes.byteLength) return;
		const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength));
		grown.set(this.#bytes.subarray(0, this.#length));
		this.#bytes = grown;
		this.#view = new DataView(grown.buffer);
	}
}
