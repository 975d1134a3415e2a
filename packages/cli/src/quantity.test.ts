import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRate, formatTime, parseDuration } from "./quantity.ts";

test("parseDuration() reads units, and seconds without one", () => {
	const texts = ["10s", "500ms", "1.5m", "1h", "7", " 2s "];
	assert.deepEqual(texts.map(parseDuration), [10_000, 500, 90_000, 3_600_000, 7000, 2000]);
});

test("parseDuration() is undefined for what is no time", () => {
	for (const text of ["", "s", "0", "0s", "-1s", "1d", "ten", "1s2", "1e999"]) {
		assert.equal(parseDuration(text), undefined, text);
	}
});

test("formatRate() and formatTime() are as people write them", () => {
	assert.deepEqual([0, 96_400, 2_013_000].map(formatRate), ["0 kb/s", "96 kb/s", "2.01 Mb/s"]);
	assert.deepEqual([0, 12_900, 61_000, 3_723_000].map(formatTime), ["00:00", "00:12", "01:01", "1:02:03"]);
});
