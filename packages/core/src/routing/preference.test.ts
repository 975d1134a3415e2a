import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OriginId, Route } from "../model/route.ts";
import { chooseBest, compareRoutes, hashHops, isSamePublisher } from "./preference.ts";

function route(hops: readonly OriginId[], cost: number = 0): Route {
	return { hops, cost };
}

function candidate(hops: readonly OriginId[], since: { atMs: number; order: number }, cost: number = 0) {
	return { route: route(hops, cost), publisherSince: since };
}

test("compareRoutes() prefers lower cost, then fewer hops, then the lower hash", () => {
	assert.ok(compareRoutes("a", route([1, 2, 3], 0), route([1, 2], 1)) < 0);
	assert.ok(compareRoutes("a", route([1, 2, 3]), route([1, 2])) > 0);
	assert.equal(compareRoutes("a", route([1, 2]), route([1, 2])), 0);
	const lower = hashHops("a", [1, 2]) < hashHops("a", [1, 3]);
	assert.equal(compareRoutes("a", route([1, 2]), route([1, 3])) < 0, lower);
});

test("hashHops() is FNV-1a over the path and little-endian ids, with the shared seed", () => {
	// Computed by hand from the definition: ((seed ^ 0x61) * prime) mod 2^64.
	assert.equal(hashHops("", []), 0x420c0decb00bn);
	assert.equal(hashHops("a", []), BigInt.asUintN(64, (0x420c0decb00bn ^ 0x61n) * 0x100000001b3n));
	assert.notEqual(hashHops("a", [1, 256]), hashHops("a", [256, 1]));
	assert.equal(hashHops("a", [2n ** 60n]) === hashHops("a", [0]), false, "all eight bytes count");
});

test("isSamePublisher() never takes 0 or no hop for an identity", () => {
	assert.equal(isSamePublisher(route([7, 1]), route([7, 2])), true);
	assert.equal(isSamePublisher(route([7]), route([8])), false);
	assert.equal(isSamePublisher(route([0, 1]), route([0, 1])), false);
	assert.equal(isSamePublisher(route([]), route([])), false);
});

test("chooseBest() takes the newest publisher, and the best route to it", () => {
	const old = candidate([1], { atMs: 0, order: 1 });
	const direct = candidate([2, 9], { atMs: 9000, order: 2 }, 5);
	const cheap = candidate([2, 8, 7], { atMs: 9000, order: 2 }, 1);
	assert.equal(chooseBest("a", [old, direct, cheap]), cheap);
	assert.equal(chooseBest("a", [cheap, direct, old]), cheap);
	assert.equal(chooseBest("a", []), undefined);
	const unnamed = [candidate([0], { atMs: 0, order: 1 }), candidate([0], { atMs: 1, order: 2 })];
	assert.equal(chooseBest("a", unnamed), unnamed[1]);
});

test("chooseBest() lets two neighbours that each see the other's publisher as newer agree", () => {
	const publishers = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 53 - 1 }), { minLength: 2, maxLength: 2 });
	fc.assert(
		fc.property(fc.string(), publishers, fc.nat(1999), (path, [one = 1, two = 2], apartMs) => {
			// Relay 100 has publisher one and hears of two from relay 200, and the other way round.
			const at100 = [candidate([one], { atMs: 0, order: 1 }), candidate([two, 200], { atMs: apartMs, order: 2 })];
			const at200 = [candidate([two], { atMs: 0, order: 1 }), candidate([one, 100], { atMs: apartMs, order: 2 })];
			assert.equal(chooseBest(path, at100)?.route.hops[0], chooseBest(path, at200)?.route.hops[0]);
		}),
	);
});

test("chooseBest() takes the newer of two direct publishers, however close", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1 }), (one, two) => {
			fc.pre(one !== two);
			const older = candidate([one], { atMs: 5, order: 1 });
			const newer = candidate([two], { atMs: 5, order: 2 });
			assert.equal(chooseBest("a", [newer, older]), newer);
		}),
	);
});
