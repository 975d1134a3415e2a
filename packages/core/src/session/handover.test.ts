import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedSource } from "@moq-relay/testkit";
import { LocalBroadcast } from "../model/local-broadcast.ts";
import { TRACK_INFO_DEFAULT } from "../model/source.ts";
import type { Origin } from "../routing/origin.ts";
import { assertEmpty, publish, type Side, SinkLog, World, watch } from "./fixture.test.ts";
import { GRANT_ALL } from "./grant.ts";
import { CLIENT_SESSION_LIMITS } from "./limits.ts";
import { Session } from "./session.ts";

test("Session.withdraw() retracts what is announced, shows nothing more, and lets what runs go on", () => {
	const world = new World();
	const publisher = world.join();
	const viewer = world.join();
	const { broadcast } = publish(publisher.origin, "live");
	const track = broadcast.track("t");
	world.run(200);
	const seen = watch(viewer.origin, { path: "live", track: "t" });
	world.run(200);
	publisher.session.withdraw();
	publish(publisher.origin, "late");
	publisher.session.regrant(GRANT_ALL);
	track.group().frame({ timestamp: 0, payload: Uint8Array.of(1) });
	world.run(500);
	assert.deepEqual(world.relay.active(""), []);
	assert.equal(seen.groups.size, 1, "what was subscribed to is still served");
	track.end();
	broadcast.end();
	world.run(5000);
	assert.equal(publisher.session.census.subscriptionsServing, 0);
});

test("Session.withdraw() hands a running track over to another session of its publisher without a gap", () => {
	const world = new World();
	const origin = world.origin();
	const before = connect(world, origin);
	const { broadcast } = publish(origin, "live");
	const track = broadcast.track("t");
	world.run(200);
	const viewer = world.join();
	world.run(200);
	const seen = watch(viewer.origin, { path: "live", track: "t" });
	const group = track.group();
	group.frame({ timestamp: 0, payload: Uint8Array.of(1) });
	world.run(200);
	const after = connect(world, origin);
	world.run(200);
	before.session.withdraw();
	group.frame({ timestamp: 0, payload: Uint8Array.of(2) });
	world.run(200);
	assert.equal(before.session.census.subscriptionsServing, 1, "the group in progress ends where it began");
	assert.equal(after.session.census.subscriptionsServing, 1);
	group.finish();
	const next = track.group();
	next.frame({ timestamp: 0, payload: Uint8Array.of(3) });
	next.finish();
	world.run(200);
	assert.equal(before.session.census.subscriptionsServing, 0);
	assert.deepEqual(
		[...seen.groups].map(([sequence, { state, frames }]) => [sequence, state, frames.map(([byte]) => byte)]),
		[
			[0, "ended", [1, 2]],
			[1, "ended", [3]],
		],
	);
	assert.equal(viewer.relay.session.counters.groupsServed, 2, "each once");
});

test("Session that dies in the middle of a group: another one of its publisher goes on with it", () => {
	const world = new World();
	const origin = world.origin();
	const before = connect(world, origin);
	const track = publish(origin, "live").broadcast.track("t");
	const viewer = world.join();
	world.run(200);
	const seen = watch(viewer.origin, { path: "live", track: "t" });
	const group = track.group();
	for (let at = 0; at < 20; at++) group.frame({ timestamp: at, payload: new Uint8Array(3000).fill(at) });
	world.run(200);
	before.session.close(0, "");
	group.frame({ timestamp: 20, payload: Uint8Array.of(20) });
	world.run(3000);
	assert.equal(seen.groups.get(0)?.frames.length, 20);
	connect(world, origin);
	world.run(1000);
	assert.equal(seen.groups.get(0)?.frames.length, 21, "what was written meanwhile comes too");
	group.frame({ timestamp: 21, payload: Uint8Array.of(21) });
	group.finish();
	world.run(1000);
	assert.equal(seen.groups.get(0)?.state, "ended");
	assert.deepEqual(
		seen.groups.get(0)?.frames.map(([byte]) => byte),
		Array.from({ length: 22 }, (_, at) => at),
	);
	assert.equal(seen.error, undefined);
});

test("Origin of a viewer goes on at another relay with the next group, from its cache", () => {
	const world = new World();
	const other = world.origin();
	const publisher = world.origin();
	const broadcast = new LocalBroadcast();
	const track = broadcast.track("t");
	publisher.announce("live", { hops: [], cost: 0 }, broadcast);
	connect(world, publisher);
	connect(world, publisher, other);
	const viewer = world.origin();
	const before = connect(world, viewer);
	const neighbour = world.origin();
	connect(world, neighbour, other);
	world.run(300);
	const seen = watch(viewer, { path: "live", track: "t" });
	watch(neighbour, { path: "live", track: "t" });
	world.run(200);
	const write = (): void => {
		const group = track.group();
		group.frame({ timestamp: 0, payload: Uint8Array.of(group.sequence) });
		group.finish();
		world.run(200);
	};
	for (let at = 0; at < 3; at++) write();
	before.session.close(0, "");
	// More than a publisher keeps: what follows must come from the cache of the other relay.
	for (let at = 0; at < 12; at++) write();
	connect(world, viewer, other);
	world.run(500);
	write();
	assert.deepEqual(
		[...seen.groups.keys()].toSorted((a, b) => a - b),
		Array.from({ length: 16 }, (_, at) => at),
	);
	assert.ok([...seen.groups.values()].every(({ state }) => state === "ended"));
	assert.equal(seen.error, undefined);
	assertEmpty(before);
});

test("ServedSubscription gives all from the start that was named, whatever overtakes it, and else nothing below START", () => {
	const world = new World();
	const source = new ScriptedSource();
	world.relay.announce("live", { hops: [9], cost: 0 }, source);
	const [named, latest] = [world.join(), world.join()];
	world.run(200);
	const seen = watch(named.origin, { path: "live", track: "t", startGroup: 3 });
	const other = watch(latest.origin, { path: "live", track: "t" });
	world.run(200);
	for (const info of source.infos) info.answer(TRACK_INFO_DEFAULT);
	world.run(200);
	for (const sequence of [5, 3, 4, 2]) {
		source.whole("t", sequence, Uint8Array.of(0, 1, sequence));
		world.run(100);
	}
	assert.deepEqual([...seen.groups.keys()], [5, 3, 4]);
	assert.deepEqual([...other.groups.keys()], [5]);
	assert.deepEqual(source.only("t").sink.known, TRACK_INFO_DEFAULT, "who asked for the info is not asked to ask again");
});

/** A session of `origin` with a relay, the world's unless given. */
function connect(world: World, origin: Origin, relay: Origin = world.relay): Side {
	const [client, server] = world.pair();
	const log = new SinkLog();
	const authorise = (_path: unknown, decide: (grant: typeof GRANT_ALL) => void): void => decide(GRANT_ALL);
	new Session(server, { ...world.options(relay, new SinkLog()), authorise });
	const session = new Session(client, { ...world.options(origin, log), limits: CLIENT_SESSION_LIMITS, authorise });
	return { session, log };
}
