/**
 * What every message codec must pass: known vectors, round trip, every truncation, a trailing byte, and hostile bytes.
 * Other tests call it; `codec-suite-control.test.ts` shows that it can fail.
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { MessageReader } from "../message-reader.ts";
import { type Path, parsePath } from "../path.ts";

/** One codec, and how to make its messages. */
export interface Codec<T> {
	readonly encode: (message: T) => Uint8Array;
	readonly decode: (body: Uint8Array) => T;
	readonly messages: fc.Arbitrary<T>;
	/** Whole encoded messages in hex, and what they say. */
	readonly vectors: readonly (readonly [string, T])[];
	/** What a decoder sees of a message where the version cannot carry all of it. */
	readonly seen?: (message: T) => T;
	/** Takes the body out of an encoded message; the size prefix is the default. */
	readonly bodyOf?: (encoded: Uint8Array) => Uint8Array;
}

/** Runs all checks; throws the first failure. */
export function checkCodec<T>(codec: Codec<T>): void {
	const bodyOf = codec.bodyOf ?? sizedBody;
	const seen = codec.seen ?? ((message) => message);
	for (const [hex, message] of codec.vectors) {
		assert.equal(Buffer.from(codec.encode(message)).toString("hex"), hex);
		assert.deepEqual(codec.decode(bodyOf(Buffer.from(hex, "hex"))), seen(message));
	}
	fc.assert(
		fc.property(codec.messages, (generated) => {
			const message = plain(generated);
			const body = bodyOf(codec.encode(message));
			assert.deepEqual(codec.decode(body), seen(message));
			checkDamage(codec, body);
		}),
	);
	fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => onlyMalformed(codec, bytes)));
}

/** fast-check's records have no prototype, which `deepEqual` minds. */
function plain<T>(message: T): T {
	return typeof message === "object" ? { ...message } : message;
}

function checkDamage<T>(codec: Codec<T>, body: Uint8Array): void {
	for (let end = 0; end < body.length; end++) {
		assert.throws(() => codec.decode(body.subarray(0, end)), Malformed, `cut at ${end}`);
	}
	assert.throws(() => codec.decode(new Uint8Array([...body, 0])), Malformed, "a trailing byte");
	// A length of 2^62-1 and one of 2^53-1 in place of every byte.
	for (let at = 0; at < Math.min(body.length, 64); at++) {
		for (const huge of [
			[0xff, 0xff],
			[0xc0, 0x1f],
		] as const) {
			const length = [...huge, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
			onlyMalformed(codec, new Uint8Array([...body.subarray(0, at), ...length, ...body.subarray(at + 1)]));
		}
	}
}

function onlyMalformed<T>(codec: Codec<T>, bytes: Uint8Array): void {
	try {
		codec.decode(bytes);
	} catch (thrown) {
		assert.ok(thrown instanceof Malformed, `threw ${String(thrown)}`);
	}
}

function sizedBody(encoded: Uint8Array): Uint8Array {
	const reader = new MessageReader();
	reader.push(encoded);
	const body = reader.message(encoded.length);
	assert.ok(body !== undefined);
	reader.finish();
	return body;
}

/** Any canonical path that is well within the limits. */
export const paths: fc.Arbitrary<Path> = fc
	.array(fc.string({ unit: "binary", maxLength: 8 }), { maxLength: 5 })
	.map((segments) => parsePath(segments.join("/").replace(/\p{Cc}/gu, "-")));

/** Any track name. */
export const tracks: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 20 });

/** 0–255. */
export const bytes: fc.Arbitrary<number> = fc.nat(255);

/** Any number that a varint may say. */
export const varints: fc.Arbitrary<number> = fc.oneof(fc.nat(100_000), fc.maxSafeNat());

/** Any origin id. */
export const origins: fc.Arbitrary<number | bigint> = fc.oneof(
	fc.maxSafeNat(),
	fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n - 1n }),
);

/** An optional number: its wire form is one more, and must still be safe. */
export const optionals: fc.Arbitrary<number | undefined> = fc.option(fc.nat(), {
	nil: undefined,
});
