import assert from "node:assert/strict";
import { test } from "node:test";
import { cellOf, GOOD } from "./fixture.test.ts";
import { refusals } from "./gate.ts";

const CELL = cellOf("fan-sd");

test("refusals() lets a clean run pass and names each gate that fails", () => {
	assert.deepEqual(refusals(GOOD, CELL), []);
	for (const [name, value] of Object.entries({
		seconds: 3,
		delivered_share: 0.99,
		receive_errors: 1,
		steal_share: 0.1,
		foreign_cpu_share: 0.5,
		load_cpu_share: 0.99,
		publisher_late_p99_ms: 5,
	})) {
		assert.equal(refusals({ ...GOOD, [name]: value }, CELL).length, 1, name);
	}
	assert.equal(refusals({}, CELL).length, 7);
});

test("refusals() wants more room where latency is the subject, and no delivery where loss is", () => {
	const busy = { ...GOOD, load_cpu_share: 0.8 };
	assert.equal(refusals(busy, CELL).length, 0);
	assert.equal(refusals(busy, { ...CELL, about: "latency" }).length, 1);
	assert.equal(refusals({ ...GOOD, delivered_share: 0.5 }, { ...CELL, lossy: true }).length, 0);
});

test("refusals() does not count a frame per viewer at the window's edges as loss", () => {
	const edge = { ...GOOD, frames: 7190, delivered_share: 7190 / 7200 };
	assert.deepEqual(refusals(edge, CELL), []);
	assert.equal(refusals({ ...edge, connections: 0 }, CELL).length, 1);
});
