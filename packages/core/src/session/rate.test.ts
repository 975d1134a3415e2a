import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { RateLimit } from "./rate.ts";

test("RateLimit lets the burst through at once, and the rate from then on", () => {
	const clock = new VirtualClock();
	const rate = new RateLimit(clock, { perSecond: 10, burst: 3 });
	const taken = (): number => {
		let count = 0;
		while (rate.take()) count++;
		return count;
	};
	assert.equal(taken(), 3);
	clock.run(clock.nowMs() + 200);
	assert.equal(taken(), 2);
	clock.run(clock.nowMs() + 60_000);
	assert.equal(taken(), 3, "what is saved up is the burst, no more");
});
