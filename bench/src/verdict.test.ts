import assert from "node:assert/strict";
import { test } from "node:test";
import { costing, run } from "./fixture.test.ts";
import { change, judge, ratios, sentence } from "./verdict.ts";

const BETWEEN = { arm: "ours", to: "rust", number: "server_us_per_frame" } as const;
const TARGET = { number: "server_us_per_frame", to: "rust", atMost: 0.4 } as const;

test("ratios() pairs runs of one round, and leaves out rounds with a refused or failed one", () => {
	const runs = [
		costing("ours", 0, 10),
		costing("rust", 0, 40),
		costing("rust", 1, 30),
		run("ours", 1, { refusals: ["late"] }),
		costing("ours", 2, 10),
		run("rust", 2, { numbers: {}, failure: "gone" }),
		run("ours", 3, { refusals: ["late"] }),
		costing("ours", 3, 15),
		costing("rust", 3, 30),
	];
	assert.deepEqual(ratios(runs, BETWEEN), [0.25, 0.5]);
});

test("judge() and sentence() say met, missed, and not run", () => {
	const good = [costing("ours", 0, 10), costing("rust", 0, 40)];
	assert.equal(judge(good, TARGET).met, true);
	assert.match(sentence(judge(good, TARGET), good), /^\*\*met\*\* .*: 0\.250, geometric mean 0\.250, 1 pair$/);
	const bad = [costing("ours", 0, 20), costing("rust", 0, 40)];
	assert.match(sentence(judge(bad, TARGET), bad), /^\*\*MISSED\*\*/);
	const none = [costing("ours", 0, 20)];
	assert.match(sentence(judge(none, TARGET), none), /^\*\*not run\*\*/);
	const failed = [run("ours", 0, { numbers: {}, failure: "a viewer lost its connection" })];
	assert.match(sentence(judge(failed, TARGET), failed), /^\*\*FAILED\*\*/);
});

test("judge() takes the least that is good as well as the most", () => {
	const target = { number: "delivered_share", atLeast: 0.999 };
	assert.equal(judge([run("ours", 0)], target).met, true);
	assert.equal(judge([run("ours", 0, { numbers: { delivered_share: 0.9 } })], target).met, false);
});

test("change() believes a difference only beyond the control and in all pairs", () => {
	assert.equal(change([0.8, 0.82], [1.01, 0.99]), "better");
	assert.equal(change([1.2, 1.3], [1.01]), "worse");
	assert.equal(change([0.99, 0.98], [1.05]), "same");
	assert.equal(change([0.5, 1.5, 0.6], [1.01]), "same");
	assert.equal(change([], [1]), "unknown");
});
