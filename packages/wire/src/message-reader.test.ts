import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "./codes.ts";
import { MESSAGE_BYTES_MAX } from "./limits.ts";
import { Malformed } from "./malformed.ts";
import { MessageReader } from "./message-reader.ts";
import { encodeVarint } from "./varint.ts";
import { Writer } from "./writer.ts";

const tooBig = (thrown: unknown) => thrown instanceof Malformed && thrown.code === Code.BoundsExceeded;

/** All that a reader yields when `bytes` come in pieces that end at `cuts`: a type, then typed messages. */
function read(bytes: Uint8Array, cuts: readonly number[]): unknown[] {
	const reader = new MessageReader();
	const seen: unknown[] = [];
	let type: number | undefined;
	let from = 0;
	for (const to of [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]) {
		reader.push(bytes.slice(from, to));
		from = to;
		if (type === undefined) {
			type = reader.varint();
			if (type === undefined) continue;
			seen.push(type);
		}
		for (let message = reader.typed(); message !== undefined; message = reader.typed()) {
			seen.push([message.type, Buffer.from(message.body).toString("hex")]);
		}
	}
	reader.finish();
	return seen;
}

test("MessageReader yields the same however the stream is cut", () => {
	const messages = fc.array(fc.tuple(fc.nat(20_000), fc.uint8Array({ maxLength: 200 })), { maxLength: 6 });
	fc.assert(
		fc.property(fc.nat(100), messages, fc.array(fc.nat(600), { maxLength: 20 }), (type, typed, cuts) => {
			const writer = new Writer().varint(type);
			for (const [id, body] of typed) writer.varint(id).varint(body.length).bytes(body);
			const bytes = writer.finish();
			const expected = [type, ...typed.map(([id, body]) => [id, Buffer.from(body).toString("hex")])];
			assert.deepEqual(read(bytes, cuts), expected);
			assert.deepEqual(read(bytes, [...bytes.keys()]), expected);
		}),
	);
});

test("MessageReader.message() yields bodies that stay valid", () => {
	const reader = new MessageReader();
	reader.push(new Uint8Array([2, 1]));
	assert.equal(reader.message(), undefined);
	reader.push(new Uint8Array([2, 1, 3, 0]));
	const first = reader.message();
	const second = reader.message();
	reader.push(new Uint8Array([1, 9]));
	const third = reader.message();
	assert.deepEqual([first, second, third], [Uint8Array.of(1, 2), Uint8Array.of(3), new Uint8Array(0)]);
	assert.deepEqual(reader.message(), Uint8Array.of(9));
	assert.equal(reader.buffered, 0);
});

test("MessageReader.message() throws over its limit as soon as the length is there", () => {
	const reader = new MessageReader();
	reader.push(encodeVarint(MESSAGE_BYTES_MAX + 1));
	assert.throws(() => reader.message(), tooBig);
	const lenient = new MessageReader();
	lenient.push(encodeVarint(MESSAGE_BYTES_MAX));
	assert.equal(lenient.message(), undefined);
	assert.throws(() => lenient.message(10), tooBig);
});

test("MessageReader rejects lengths near 2^62 without making room", () => {
	for (const length of [2n ** 62n - 1n, 2n ** 53n, 2 ** 53 - 1, 2 ** 31]) {
		const reader = new MessageReader();
		reader.push(new Uint8Array([0, ...encodeVarint(length)]));
		assert.throws(() => reader.typed(), Malformed);
		assert.equal(reader.varint(), 0);
		assert.throws(() => reader.message(), Malformed);
	}
});

test("MessageReader.setup() reads a 16-bit length", () => {
	const bytes = new Uint8Array([0x20, 0x01, 0x02, ...new Uint8Array(0x102).fill(7), 5]);
	const reader = new MessageReader();
	for (const byte of bytes.subarray(0, bytes.length - 2)) {
		reader.push(Uint8Array.of(byte));
		assert.equal(reader.setup(), undefined);
	}
	reader.push(bytes.subarray(bytes.length - 2));
	assert.deepEqual(reader.setup(), { type: 0x20, body: new Uint8Array(0x102).fill(7) });
	assert.equal(reader.varint(), 5);
	reader.push(new Uint8Array([0x20, 0xff, 0xff]));
	assert.throws(() => reader.setup(), tooBig);
});

test("MessageReader.rest() hands over what follows, and no more", () => {
	const reader = new MessageReader();
	const chunk = new Uint8Array([0, 2, 1, 1, 5, 6, 7]);
	reader.push(chunk);
	reader.varint();
	reader.message();
	const rest = reader.rest();
	assert.deepEqual(rest, new Uint8Array([5, 6, 7]));
	assert.equal(rest.buffer, chunk.buffer);
	assert.equal(reader.rest().length, 0);
	reader.finish();
});

test("MessageReader.finish() throws inside a message", () => {
	const reader = new MessageReader();
	reader.finish();
	reader.push(new Uint8Array([3, 1]));
	assert.equal(reader.message(), undefined);
	assert.throws(() => reader.finish(), Malformed);
});

test("MessageReader collects a message that comes byte by byte", () => {
	const reader = new MessageReader();
	const body = Uint8Array.from({ length: 40_000 }, (_, at) => at & 0xff);
	reader.push(encodeVarint(body.length));
	for (const byte of body) {
		assert.equal(reader.message(), undefined);
		reader.push(Uint8Array.of(byte));
	}
	assert.deepEqual(reader.message(), body);
});

test("MessageReader keeps no large buffer for a few bytes that wait", () => {
	const reader = new MessageReader();
	const large = new Uint8Array(100_000);
	large.set([1, 7, 5, 8], 90_000);
	reader.push(large.subarray(90_000, 90_004));
	assert.equal(reader.message()?.buffer, large.buffer);
	assert.equal(reader.message(), undefined);
	reader.push(new Uint8Array([9, 9, 9]));
	reader.push(new Uint8Array([9]));
	const body = reader.message();
	assert.deepEqual(body, new Uint8Array([8, 9, 9, 9, 9]));
	reader.push(large.subarray(90_002, 90_004));
	assert.equal(reader.message(), undefined);
	assert.notEqual(reader.rest().buffer, large.buffer);
	assert.notEqual(reader.rest().buffer, large.buffer);
});
