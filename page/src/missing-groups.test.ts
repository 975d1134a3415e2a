import assert from "node:assert/strict";
import { test } from "node:test";
import { MissingGroups } from "./missing-groups.ts";

function count(sequences: readonly number[], cut: readonly number[] = []): number {
	const groups = new MissingGroups();
	for (const sequence of sequences) groups.began(sequence);
	for (const sequence of cut) groups.cut(sequence);
	return groups.count;
}

test("MissingGroups: the first group is where it begins, whatever its number", () => {
	assert.equal(count([1_000_000, 1_000_001]), 0);
});

test("MissingGroups: holes count until they are filled", () => {
	assert.equal(count([3, 4, 7]), 2);
	assert.equal(count([3, 4, 7, 6, 5]), 0);
	assert.equal(count([3, 2]), 0, "a group from before the first");
});

test("MissingGroups: a group that is cut short counts once", () => {
	assert.equal(count([3, 4, 5], [4, 4]), 1);
});

test("MissingGroups: a leap in the numbers is bounded", () => {
	assert.equal(count([0, Number.MAX_SAFE_INTEGER - 1]), 10_000);
});
