import assert from "node:assert/strict";
import { test } from "node:test";
import { refusals } from "./measurement.ts";
import { geometricMean, median } from "./report.ts";

const GOOD = {
	viewers: 10,
	frames: 12_000,
	delivered_share: 1,
	receive_errors: 0,
	steal_share: 0,
	load_cpu_share: 0.5,
	publisher_late_p99_ms: 0.2,
};

test("median() and geometricMean() of odd and even lists", () => {
	assert.equal(median([3, 1, 2]), 2);
	assert.equal(median([4, 1, 2, 3]), 2.5);
	assert.ok(Math.abs(geometricMean([1, 4]) - 2) < 1e-9);
});

test("refusals() lets a clean run pass and names each gate that fails", () => {
	assert.deepEqual(refusals(GOOD), []);
	for (const [name, value] of Object.entries({
		delivered_share: 0.99,
		receive_errors: 1,
		steal_share: 0.1,
		load_cpu_share: 0.99,
		publisher_late_p99_ms: 5,
	})) {
		assert.equal(refusals({ ...GOOD, [name]: value }).length, 1, name);
	}
	assert.equal(refusals({}).length, 5);
});
