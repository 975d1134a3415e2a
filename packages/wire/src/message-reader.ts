/**
 * Cuts a control stream, fed in chunks of any size, into its types and message bodies.
 * @module
 */
import { Code } from "./codes.ts";
import { MESSAGE_BYTES_MAX, SETUP_BYTES_MAX } from "./limits.ts";
import { Malformed } from "./malformed.ts";
import { readVarint, varintLengthOf } from "./varint.ts";

/** A message that a type varint precedes. */
export interface TypedMessage {
	readonly type: number;
	readonly body: Uint8Array;
}

/**
 * Push a chunk, then pull until `undefined`. A pull consumes nothing unless it returns something, so the next one may
 * be of another kind. Bodies are views that stay valid; a length over the limit throws as soon as it is readable.
 */
export class MessageReader {
	#bytes: Uint8Array = EMPTY;
	#at = 0;
	#end = 0;
	/** False while `#bytes` is a chunk of the caller's. */
	#owned = false;

	/** Bytes pushed and not pulled yet. */
	get buffered(): number {
		return this.#end - this.#at;
	}

	/** Append a chunk; it must not be changed afterwards. */
	push(chunk: Uint8Array): void {
		if (this.#at === this.#end) {
			this.#bytes = chunk;
			this.#owned = false;
			this.#at = 0;
			this.#end = chunk.length;
			return;
		}
		const end = this.#end + chunk.length;
		if (!this.#owned || end > this.#bytes.length) this.#move(this.buffered + chunk.length);
		this.#bytes.set(chunk, this.#end);
		this.#end += chunk.length;
	}

	/** A bare varint: the type that begins a stream. @throws Malformed above 2^53-1. */
	varint(): number | undefined {
		const next = this.#varintEnd(this.#at);
		if (next === undefined) return undefined;
		const value = readVarint(this.#bytes, this.#at);
		this.#take(this.#at, next);
		return value;
	}

	/** The body of a size-prefixed message. @throws Malformed (BoundsExceeded) when it is over `bytesMax`. */
	message(bytesMax: number = MESSAGE_BYTES_MAX): Uint8Array | undefined {
		return this.#message(this.#at, bytesMax);
	}

	/** A type varint and a size-prefixed message, both or neither. @throws as `message`. */
	typed(bytesMax: number = MESSAGE_BYTES_MAX): TypedMessage | undefined {
		const start = this.#at;
		const next = this.#varintEnd(start);
		if (next === undefined) return undefined;
		const type = readVarint(this.#bytes, start);
		const body = this.#message(next, bytesMax);
		return body && { type, body };
	}

	/** A legacy SETUP message: type varint, 16-bit length, body. @throws as `message`. */
	setup(bytesMax: number = SETUP_BYTES_MAX): TypedMessage | undefined {
		const start = this.#at;
		const next = this.#varintEnd(start);
		if (next === undefined) return undefined;
		if (next + 2 > this.#end) return this.#wait();
		const type = readVarint(this.#bytes, start);
		const length = ((this.#bytes[next] as number) << 8) | (this.#bytes[next + 1] as number);
		const body = this.#body(next + 2, length, bytesMax);
		return body && { type, body };
	}

	/** Everything that is left, as a view; what follows on the stream is no longer this reader's. */
	rest(): Uint8Array {
		return this.#take(this.#at, this.#end);
	}

	/** The stream ended. @throws Malformed when it did so inside a message, or before all was pulled. */
	finish(): void {
		if (this.buffered > 0) throw new Malformed("stream ends inside a message");
	}

	#message(at: number, bytesMax: number): Uint8Array | undefined {
		const next = this.#varintEnd(at);
		return next === undefined ? undefined : this.#body(next, readVarint(this.#bytes, at), bytesMax);
	}

	#body(at: number, length: number, bytesMax: number): Uint8Array | undefined {
		if (length > bytesMax) throw new Malformed(`message of ${length} bytes`, Code.BoundsExceeded);
		if (length > this.#end - at) return this.#wait();
		return this.#take(at, at + length);
	}

	/** Consume everything before `to`. */
	#take(from: number, to: number): Uint8Array {
		const taken = this.#bytes.subarray(from, to);
		this.#at = to;
		// An idle stream must not keep the transport's last chunk, which may be part of a larger buffer.
		if (to === this.#end) this.push(EMPTY);
		return taken;
	}

	/** Offset after the varint at `at`; undefined while it is not all there. */
	#varintEnd(at: number): number | undefined {
		if (at >= this.#end) return undefined;
		const next = at + varintLengthOf(this.#bytes[at] as number);
		return next > this.#end ? this.#wait() : next;
	}

	/** More must come. Meanwhile a few bytes must not keep a large buffer of the transport's alive. */
	#wait(): undefined {
		if (!this.#owned && this.#bytes.buffer.byteLength > 4 * this.buffered + 1024) this.#move(this.buffered);
	}

	/** Doubling keeps a message that arrives byte by byte from costing the square of its size. */
	#move(needed: number): void {
		const bytes = new Uint8Array(Math.max(64, 2 * needed));
		bytes.set(this.#bytes.subarray(this.#at, this.#end));
		this.#end -= this.#at;
		this.#at = 0;
		this.#bytes = bytes;
		this.#owned = true;
	}
}

const EMPTY = new Uint8Array(0);
