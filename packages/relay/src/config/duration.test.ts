import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./duration.ts";

test("parseDuration() reads one unit or several", () => {
	const cases: [string, number][] = [
		["5s", 5000],
		["250ms", 250],
		["1h", 3_600_000],
		["1h 30m", 5_400_000],
		["1h30m5s", 5_405_000],
		["2days", 172_800_000],
		["0", 0],
		["0s", 0],
		[" 10 min ", 600_000],
		["1500us", 1.5],
	];
	for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test("parseDuration() refuses what is no duration", () => {
	for (const text of ["", "5", "s", "-5s", "5 lightyears", "1.5s", "5S", "5s!", "99999999999999999w", "1e3s"]) {
		assert.equal(parseDuration(text), undefined, text);
	}
});

test("formatDuration() is what parseDuration() reads", () => {
	fc.assert(fc.property(fc.nat(), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)));
	assert.deepEqual([0, 5000, 90_000, 3_600_000, 250].map(formatDuration), ["0", "5s", "90s", "1h", "250ms"]);
});
