import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "./backoff.ts";
import { systemClock } from "./system-clock.ts";

test("Backoff doubles up to its cap and begins again after reset()", () => {
	const backoff = new Backoff({ ...systemClock, random: () => 1 });
	assert.deepEqual(
		Array.from({ length: 6 }, () => backoff.next()),
		[1000, 2000, 4000, 8000, 10_000, 10_000],
	);
	backoff.reset();
	assert.equal(backoff.next(), 1000);
});

test("Backoff jitters down to half of its step", () => {
	const backoff = new Backoff({ ...systemClock, random: () => 0 });
	assert.deepEqual([backoff.next(), backoff.next()], [500, 1000]);
});
