import assert from "node:assert/strict";
import { test } from "node:test";
import { geometricMean, median, slope, spread } from "./statistics.ts";

test("median() and geometricMean() of odd and even lists", () => {
	assert.equal(median([3, 1, 2]), 2);
	assert.equal(median([4, 1, 2, 3]), 2.5);
	assert.ok(Number.isNaN(median([])));
	assert.ok(Math.abs(geometricMean([1, 4]) - 2) < 1e-9);
});

test("slope() is that of a line, whatever its height, and 0 of a flat or too short one", () => {
	assert.ok(Math.abs(slope([5, 7, 9, 11]) - 2) < 1e-9);
	assert.equal(slope([4, 4, 4]), 0);
	assert.equal(slope([4]), 0);
});

test("spread() is the same for a ratio and its inverse", () => {
	assert.ok(Math.abs(spread([1, 0.5]) - spread([2, 1])) < 1e-9);
	assert.equal(spread([]), 0);
});
