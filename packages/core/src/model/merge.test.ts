import assert from "node:assert/strict";
import { test } from "node:test";
import { CACHE_MS_MAX } from "./limits.ts";
import { isSameRequest, mergeRequests } from "./merge.ts";
import type { SubscribeRequest } from "./source.ts";

const BASE: SubscribeRequest = {
	priority: 1,
	ordered: true,
	latencyMs: 100,
	startGroup: undefined,
	endGroup: undefined,
};

test("mergeRequests() covers every request", () => {
	const merged = mergeRequests([BASE, { ...BASE, priority: 7, ordered: false, latencyMs: 50 }], undefined);
	assert.deepEqual(merged, { ...BASE, priority: 7, ordered: false, latencyMs: 100 });
	assert.equal(mergeRequests([BASE, BASE], undefined).ordered, true);
});

test("mergeRequests() asks for no more latency than anybody has, however long a subscriber waits", () => {
	for (const latencyMs of [Number.POSITIVE_INFINITY, 2 ** 53, CACHE_MS_MAX + 1]) {
		assert.equal(mergeRequests([BASE, { ...BASE, latencyMs }], undefined).latencyMs, CACHE_MS_MAX);
	}
});

test("mergeRequests() takes the least start when it is in the past, and never keeps the latest waiting", () => {
	const from = (startGroup: number) => ({ ...BASE, startGroup });
	assert.equal(mergeRequests([from(7), from(3)], undefined).startGroup, 3);
	assert.equal(mergeRequests([BASE, from(3)], 10).startGroup, 3);
	assert.equal(mergeRequests([BASE, from(30)], 10).startGroup, undefined);
	assert.equal(mergeRequests([BASE, from(3)], undefined).startGroup, undefined, "no one knows yet what is past");
});

test("mergeRequests() ends with the last of all ends, or never", () => {
	const until = (endGroup: number) => ({ ...BASE, endGroup });
	assert.equal(mergeRequests([until(7), until(9)], undefined).endGroup, 9);
	assert.equal(mergeRequests([until(7), BASE], undefined).endGroup, undefined);
	assert.equal(mergeRequests([BASE, until(7)], undefined).endGroup, undefined);
});

test("isSameRequest() sees a difference in any field", () => {
	assert.equal(isSameRequest(BASE, { ...BASE }), true);
	for (const change of [{ priority: 2 }, { ordered: false }, { latencyMs: 1 }, { startGroup: 0 }, { endGroup: 0 }]) {
		assert.equal(isSameRequest(BASE, { ...BASE, ...change }), false, JSON.stringify(change));
	}
});
