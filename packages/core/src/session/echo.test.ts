import assert from "node:assert/strict";
import { test } from "node:test";
import { LITE_01, LITE_02, LITE_03, LITE_04, LITE_05 } from "@moq-relay/wire";
import { BROADCAST_LINGER_MS } from "../model/limits.ts";
import { LocalBroadcast } from "../model/local-broadcast.ts";
import { names, publish, World } from "./fixture.test.ts";

test("ReceivedAnnouncement leaves out what a server repeats, also when somebody else published it to us", () => {
	for (const version of [LITE_01, LITE_02, LITE_03, LITE_04, LITE_05]) {
		const world = new World();
		const link = world.join({ version });
		world.run(100);
		const told: string[] = [];
		const watch = link.origin.watch("", {
			onStart: () => {},
			onActive: (path, route) => void told.push(`${path} ${route.hops.join()}`),
			onRestart: (path, route) => void told.push(`restart ${path} ${route.hops.join()}`),
			onUpdate: () => {},
			onEnded: (path) => void told.push(`ended ${path}`),
		});
		const announcement = link.origin.announce("a", { hops: [7], cost: 0 }, new LocalBroadcast());
		assert.ok(typeof announcement !== "string");
		world.run(5000);
		assert.deepEqual(told, ["a 7"], version.name);
		assert.deepEqual(names(world.relay), ["a"], version.name);
		announcement.close();
		world.run(5000);
		assert.deepEqual(told, ["a 7", "ended a"], version.name);
		assert.deepEqual(names(world.relay), [], version.name);
		watch.close();
	}
});

test("ReceivedAnnouncement takes a name that a server has from elsewhere, once ours has ended", () => {
	for (const version of [LITE_01, LITE_02, LITE_03, LITE_04, LITE_05]) {
		const world = new World();
		const link = world.join({ version });
		world.run(100);
		const own = link.origin.announce("a", { hops: [7], cost: 0 }, new LocalBroadcast());
		assert.ok(typeof own !== "string");
		world.run(100);
		own.close();
		world.run(5000);
		publish(world.relay, "a");
		world.run(100);
		assert.deepEqual(names(link.origin), ["a"], version.name);
		assert.equal(link.origin.active("a")[0]?.route.hops.length, 1, version.name);
	}
});

test("ReceivedAnnouncement takes a name that a server had from elsewhere all along, once ours has ended", () => {
	for (const version of [LITE_01, LITE_02, LITE_03]) {
		const world = new World();
		publish(world.relay, "a");
		const link = world.join({ version });
		const stale = link.origin.announce("a", { hops: [7, 8], cost: 0 }, new LocalBroadcast());
		assert.ok(typeof stale !== "string");
		world.run(100);
		assert.deepEqual(link.origin.routeOf("a")?.hops, [7, 8], version.name);
		stale.close();
		world.run(5000);
		assert.equal(link.origin.routeOf("a")?.hops.length, 1, version.name);
		link.session.close(0, "");
		world.run(BROADCAST_LINGER_MS + 1000);
		assert.deepEqual(names(link.origin), [], version.name);
	}
});

test("ReceivedAnnouncement takes what a server has when it returns after it was lost", () => {
	for (const version of [LITE_01, LITE_02, LITE_03, LITE_04, LITE_05]) {
		const world = new World();
		publish(world.relay, "a");
		const link = world.join({ version });
		world.run(100);
		link.session.close(0, "");
		world.run(100);
		const again = world.join({ version, origin: link.origin });
		world.run(BROADCAST_LINGER_MS + 1000);
		assert.deepEqual(names(again.origin), ["a"], version.name);
	}
});

test("HeldInterest never takes a publisher that nobody named for the one before", () => {
	const world = new World();
	const link = world.join({ version: LITE_03 });
	const first = world.relay.announce("a", { hops: [7, 8], cost: 0 }, new LocalBroadcast());
	world.run(100);
	const before = link.origin.broadcast("a");
	const second = world.relay.announce("a", { hops: [9, 8], cost: 0 }, new LocalBroadcast());
	assert.ok(typeof first !== "string" && typeof second !== "string");
	first.close();
	world.run(2000);
	assert.ok(before !== undefined && link.origin.broadcast("a") !== undefined);
	assert.notEqual(link.origin.broadcast("a"), before);
});
