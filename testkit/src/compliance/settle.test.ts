/** @module */
import assert from "node:assert/strict";
import { test } from "node:test";
import { settleInRealTime } from "./settle.ts";

test("settleInRealTime() asks again after each turn until the condition holds", async () => {
	let asked = 0;
	await settleInRealTime(() => ++asked === 60);
	assert.equal(asked, 60);
});

test("settleInRealTime() passes on what the condition throws", async () => {
	await assert.rejects(
		settleInRealTime(() => {
			throw new RangeError("asked too much");
		}),
		RangeError,
	);
});
