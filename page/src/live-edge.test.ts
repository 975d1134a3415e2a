import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveEdge } from "./live-edge.ts";

/** Frames each 33 ms, delayed as said, painted `buffer` ms after they would have arrived undelayed. */
function play(edge: LiveEdge, delays: readonly number[], buffer: number): void {
	delays.forEach((delay, at) => {
		edge.arrived(at * 33, 1000 + at * 33 + delay);
		edge.painted(at * 33, 1000 + at * 33 + Math.max(delay, buffer));
	});
}

test("LiveEdge: behind is the time from the least delayed arrival to painting", () => {
	const edge = new LiveEdge();
	play(edge, [0, 20, 5, 13, 0, 7], 50);
	assert.equal(edge.behindMs, 50);
});

test("LiveEdge: nothing is known before a picture", () => {
	const edge = new LiveEdge();
	assert.equal(edge.behindMs, undefined);
	edge.painted(5, 5);
	assert.equal(edge.behindMs, undefined, "painted without an arrival");
	edge.arrived(5, 5);
	assert.equal(edge.behindMs, undefined);
});

test("LiveEdge: a group that arrives at once, as for a late joiner, counts by its newest frame", () => {
	const edge = new LiveEdge();
	for (let at = 0; at < 60; at++) edge.arrived(at * 33, 5000);
	edge.painted(59 * 33, 5040);
	assert.equal(edge.behindMs, 40);
});

test("LiveEdge: it follows a clock that drifts, within the window", () => {
	const edge = new LiveEdge();
	// the publisher's clock loses 1 %: each frame arrives 0.33 ms later than the one before
	for (let at = 0; at < 3000; at++) {
		edge.arrived(at * 33, at * 33.33);
		edge.painted(at * 33, at * 33.33 + 20);
	}
	const behindMs = edge.behindMs ?? 0;
	assert.ok(behindMs >= 20 && behindMs <= 20 + 101, `${behindMs} ms after 100 s of drift`);
});

test("LiveEdge: reset() forgets the clock of the publisher before", () => {
	const edge = new LiveEdge();
	play(edge, [0, 0, 0], 50);
	edge.reset();
	edge.arrived(10, 90_000);
	edge.painted(10, 90_025);
	assert.equal(edge.behindMs, 25);
});
