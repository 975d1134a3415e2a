/**
 * Bytes that a test can make twice and compare.
 * @module
 */
import { SeededRandom } from "./seeded-random.ts";

/** `length` bytes that follow from `seed` and their place alone, so that a lost or moved chunk shows. */
export function patternBytes(seed: number, length: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	const random = new SeededRandom(seed);
	const words = length >>> 2;
	// One random base per call and the place mixed in: fast enough for megabytes, and no two places look alike.
	const base = Math.floor(random.next() * 2 ** 32);
	for (let word = 0; word < words; word++) view.setUint32(word * 4, Math.imul(word + 1, 0x9e3779b1) ^ base);
	for (let at = words * 4; at < length; at++) bytes[at] = (base >>> 3) + at;
	return bytes;
}

/** One array with the bytes of all chunks. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	let length = 0;
	for (const chunk of chunks) length += chunk.byteLength;
	const joined = new Uint8Array(length);
	let at = 0;
	for (const chunk of chunks) {
		joined.set(chunk, at);
		at += chunk.byteLength;
	}
	return joined;
}

/** `bytes` cut into pieces of random odd sizes, at most `pieceBytesMax` each; copies, since a transport takes what it is given. */
export function pieces(bytes: Uint8Array, random: SeededRandom, pieceBytesMax: number): Uint8Array[] {
	const cut: Uint8Array[] = [];
	for (let at = 0; at < bytes.byteLength; ) {
		const length = 1 + random.below(pieceBytesMax);
		cut.push(bytes.slice(at, at + length));
		at += length;
	}
	return cut;
}

/** Why two byte strings differ, in a few words; undefined when they are equal. */
export function difference(actual: Uint8Array, expected: Uint8Array): string | undefined {
	if (actual.byteLength !== expected.byteLength) return `${actual.byteLength} bytes instead of ${expected.byteLength}`;
	const at = actual.findIndex((byte, index) => byte !== expected[index]);
	return at < 0 ? undefined : `byte ${at} of ${expected.byteLength} is ${actual[at]} instead of ${expected[at]}`;
}
