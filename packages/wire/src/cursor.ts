/**
 * Reads one bounded, fully buffered body.
 * @module
 */
import { Code } from "./codes.ts";
import { Malformed } from "./malformed.ts";
import { decodeUtf8 } from "./utf8.ts";
import { readVarint, readVarint62, type Varint62, varintLengthOf } from "./varint.ts";

/** A position in `bytes`; every read throws `Malformed` rather than pass the end. What it returns is not copied. */
export class Cursor {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	/** Bytes not read yet. */
	get remaining(): number {
		return this.#bytes.length - this.#at;
	}

	/** One byte. */
	u8(): number {
		const at = this.#at;
		if (at >= this.#bytes.length) throw new Malformed("body ends early");
		this.#at = at + 1;
		return this.#bytes[at] as number;
	}

	/** Two bytes, big-endian. */
	u16(): number {
		const high = this.u8();
		return (high << 8) | this.u8();
	}

	/** One byte that must be 0 or 1. */
	bool(): boolean {
		const value = this.u8();
		if (value > 1) throw new Malformed(`${value} is not a boolean`);
		return value === 1;
	}

	/** A varint up to 2^53-1. */
	varint(): number {
		const at = this.#at;
		const bytes = this.#bytes;
		if (at < bytes.length && (bytes[at] as number) < 0x40) {
			this.#at = at + 1;
			return bytes[at] as number;
		}
		return readVarint(bytes, this.#advanceVarint());
	}

	/** A varint up to 2^62-1. */
	varint62(): Varint62 {
		return readVarint62(this.#bytes, this.#advanceVarint());
	}

	/** An optional integer: 0 on the wire is none, else value + 1. */
	optional(): number | undefined {
		const value = this.varint();
		return value === 0 ? undefined : value - 1;
	}

	/** A size-prefixed text of at most `bytesMax` bytes. */
	string(bytesMax: number): string {
		const length = this.varint();
		if (length > bytesMax) throw new Malformed(`text of ${length} bytes`, Code.BoundsExceeded);
		return decodeUtf8(this.take(length));
	}

	/** The next `length` bytes, as a view. */
	take(length: number): Uint8Array {
		const at = this.#at;
		if (length > this.#bytes.length - at) throw new Malformed("body ends early");
		this.#at = at + length;
		return this.#bytes.subarray(at, at + length);
	}

	/** All that is left, as a view. */
	rest(): Uint8Array {
		return this.take(this.remaining);
	}

	/** Trailing bytes are as wrong as missing ones. */
	end(): void {
		if (this.remaining > 0) throw new Malformed(`${this.remaining} bytes too many`, Code.WrongSize);
	}

	#advanceVarint(): number {
		const at = this.#at;
		const bytes = this.#bytes;
		if (at >= bytes.length) throw new Malformed("body ends early");
		const next = at + varintLengthOf(bytes[at] as number);
		if (next > bytes.length) throw new Malformed("body ends early");
		this.#at = next;
		return at;
	}
}
