import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Malformed } from "../malformed.ts";
import { varints } from "./codec-suite.test.ts";
import { type Datagram, decodeDatagram, encodeDatagram } from "./datagram.ts";

test("Datagram survives the round trip", () => {
	const datagrams = fc.record({
		subscribe: varints,
		sequence: varints,
		timestamp: fc.oneof(varints, fc.constant(2 ** 60)),
		payload: fc.uint8Array({ maxLength: 100 }),
	});
	fc.assert(
		fc.property(datagrams, (datagram) => {
			assert.deepEqual(decodeDatagram(encodeDatagram(datagram)), { ...datagram });
		}),
	);
});

test("encodeDatagram() writes subscription, sequence, timestamp and payload", () => {
	const datagram: Datagram = { subscribe: 1, sequence: 2, timestamp: 300, payload: new Uint8Array([9]) };
	assert.equal(Buffer.from(encodeDatagram(datagram)).toString("hex"), "0102412c09");
});

test("decodeDatagram() rejects every truncation of its fields", () => {
	const head = encodeDatagram({ subscribe: 100, sequence: 70_000, timestamp: 2 ** 40, payload: new Uint8Array(0) });
	for (let end = 0; end < head.length; end++) {
		assert.throws(() => decodeDatagram(head.subarray(0, end)), Malformed);
	}
	assert.equal(decodeDatagram(head).payload.length, 0);
});

test("decodeDatagram() throws nothing but Malformed", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
			try {
				decodeDatagram(bytes);
			} catch (thrown) {
				assert.ok(thrown instanceof Malformed);
			}
		}),
	);
});
