/** @module */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "./seeded-random.ts";

test("SeededRandom.next() spreads evenly over [0, 1)", () => {
	const random = new SeededRandom(1);
	const buckets = Array.from({ length: 10 }, () => 0);
	for (let draw = 0; draw < 10_000; draw++) {
		const bucket = Math.floor(random.next() * 10);
		buckets[bucket] = (buckets[bucket] ?? 0) + 1;
	}
	for (const count of buckets) assert.ok(count > 850 && count < 1150, `${count} of 10000`);
});

test("SeededRandom repeats with its seed, and forks by label", () => {
	const draw = (random: SeededRandom): number[] => [random.next(), random.below(100), random.next()];
	assert.deepEqual(draw(new SeededRandom(9)), draw(new SeededRandom(9)));
	assert.deepEqual(draw(new SeededRandom(9).fork("a")), draw(new SeededRandom(9).fork("a")));
	assert.notDeepEqual(draw(new SeededRandom(9).fork("a")), draw(new SeededRandom(9).fork("b")));
});

test("SeededRandom.below(), chance(), pick() and bytes() stay in range", () => {
	const random = new SeededRandom(3);
	for (let draw = 0; draw < 1000; draw++) assert.ok(random.below(3) < 3);
	assert.equal(random.chance(0), false);
	assert.equal(random.chance(1), true);
	assert.ok(["a", "b"].includes(random.pick(["a", "b"])));
	assert.throws(() => random.pick([]), RangeError);
	assert.equal(random.bytes(1000).byteLength, 1000);
	assert.ok(new Set(random.bytes(1000)).size > 200);
});
