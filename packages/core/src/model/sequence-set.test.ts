import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SEQUENCE_RANGES_MAX } from "./limits.ts";
import { SequenceSet } from "./sequence-set.ts";

test("SequenceSet agrees with a plain set while its ranges suffice", () => {
	const step = fc.record({ add: fc.boolean(), sequence: fc.nat(60) });
	fc.assert(
		fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
			const actual = new SequenceSet();
			const expected = new Set<number>();
			for (const { add, sequence } of steps) {
				if (add) {
					assert.equal(actual.add(sequence), !expected.has(sequence));
					expected.add(sequence);
				} else {
					actual.delete(sequence);
					expected.delete(sequence);
				}
				for (let at = 0; at <= 61; at++) assert.equal(actual.has(at), expected.has(at), `${at}`);
				assert.equal(actual.min, expected.size === 0 ? undefined : Math.min(...expected));
				assert.equal(actual.max, expected.size === 0 ? undefined : Math.max(...expected));
			}
		}),
	);
});

test("SequenceSet beyond its ranges counts the lowest gaps as seen, never the highest", () => {
	const set = new SequenceSet();
	const count = 3 * SEQUENCE_RANGES_MAX;
	for (let at = 0; at < count; at++) assert.equal(set.add(2 * at), true);
	assert.equal(set.add(1), false, "the lowest gap was forgotten");
	assert.equal(set.add(2 * count - 3), true, "the highest gap is still known");
	for (let at = 0; at < count; at++) assert.equal(set.add(2 * at), false, "a member stays a member");
});
