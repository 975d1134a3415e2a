import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_KINDS_MAX, LOG_REPEATS_MAX, LOG_WINDOW_MS } from "./limits.ts";
import { RepeatLimiter } from "./repeat-limiter.ts";

const admitMany = (limiter: RepeatLimiter, times: number, nowMs: number): number => {
	let admitted = 0;
	for (let time = 0; time < times; time++) if (limiter.admit("kind", nowMs) !== undefined) admitted++;
	return admitted;
};

test("RepeatLimiter.admit() lets the first of a window through and tells the next how many were not", () => {
	const limiter = new RepeatLimiter();
	assert.equal(admitMany(limiter, LOG_REPEATS_MAX + 50, 0), LOG_REPEATS_MAX);
	assert.equal(limiter.admit("kind", LOG_WINDOW_MS - 1), undefined);
	assert.equal(limiter.admit("other", 0), 0);
	assert.equal(limiter.admit("kind", LOG_WINDOW_MS), 51);
	assert.equal(limiter.admit("kind", LOG_WINDOW_MS), 0);
	assert.equal(admitMany(limiter, LOG_REPEATS_MAX, LOG_WINDOW_MS), LOG_REPEATS_MAX - 2);
});

test("RepeatLimiter.take() gives the counts of windows that are over, each once", () => {
	const limiter = new RepeatLimiter();
	admitMany(limiter, LOG_REPEATS_MAX + 3, 0);
	assert.deepEqual(limiter.take(LOG_WINDOW_MS - 1), []);
	assert.deepEqual(limiter.take(LOG_WINDOW_MS), [{ kind: "kind", count: 3 }]);
	assert.deepEqual(limiter.take(Number.POSITIVE_INFINITY), []);
});

test("RepeatLimiter.admit() keeps no more kinds than LOG_KINDS_MAX", () => {
	const limiter = new RepeatLimiter();
	admitMany(limiter, LOG_REPEATS_MAX + 1, 0);
	for (let index = 0; index < LOG_KINDS_MAX; index++) assert.equal(limiter.admit(`kind ${index}`, 0), 0);
	assert.equal(limiter.admit("kind", 0), 0, "the table began anew");
});
