/**
 * UTF-8, strict in both directions.
 * @module
 */
import { Malformed } from "./malformed.ts";

/** Text of `bytes`; a byte-order mark is kept as a character. @throws Malformed when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
	try {
		return DECODER.decode(bytes);
	} catch {
		// The only way a fatal decoder fails; its own message adds nothing.
		throw new Malformed("text is not UTF-8");
	}
}

/**
 * Write `text` at `at`, where `3 * text.length` bytes must be free, and return the offset after it.
 * A lone surrogate becomes U+FFFD.
 */
export function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
	return at + ENCODER.encodeInto(text, bytes.subarray(at)).written;
}

/** The bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array {
	const bytes = new Uint8Array(3 * text.length);
	return bytes.slice(0, writeUtf8(bytes, 0, text));
}

/** Bytes that `text` takes in UTF-8. */
export function utf8Length(text: string): number {
	let length = text.length;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit < 0x80) continue;
		// Each half of a surrogate pair counts 2: four bytes for the pair.
		length += unit < 0x800 || isSurrogate(unit) ? 1 : 2;
	}
	return length;
}

function isSurrogate(unit: number): boolean {
	return unit >= 0xd800 && unit <= 0xdfff;
}

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
