import assert from "node:assert/strict";
import { test } from "node:test";
import { Cache, type CacheEntry } from "./cache.ts";

test("Cache.charge() evicts what was offered, oldest offer first, and only until it fits", () => {
	const cache = new Cache(100);
	const gone: string[] = [];
	const entry = (name: string, bytes: number): CacheEntry => {
		cache.charge(bytes);
		return {
			evict: () => {
				gone.push(name);
				cache.release(bytes);
			},
		};
	};
	const first = entry("first", 40);
	const second = entry("second", 40);
	cache.offer(second);
	cache.offer(first);
	cache.charge(30);
	assert.deepEqual(gone, ["second"]);
	assert.equal(cache.byteLength, 70);
	assert.equal(cache.offeredCount, 1);
	cache.withdraw(first);
	cache.charge(100);
	assert.deepEqual(gone, ["second"], "what is not offered stays, whatever it costs");
	cache.offer(first);
	assert.deepEqual(gone, ["second", "first"], "an offer over the budget is taken at once");
});
