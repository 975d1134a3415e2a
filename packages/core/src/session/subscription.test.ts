import assert from "node:assert/strict";
import { test } from "node:test";
import {
	Code,
	encodeSubscribe,
	LITE_02,
	LITE_03,
	LITE_04,
	LITE_05,
	type LiteVersion,
	parsePath,
} from "@moq-relay/wire";
import type { SubscribeRequest } from "../model/source.ts";
import { assertEmpty, bytes, publish, REQUEST, type Side, VERSIONS, World, watch } from "./fixture.test.ts";
import { GRANT_ALL, type Grant } from "./grant.ts";
import { SESSION_LIMITS, type SessionLimits } from "./limits.ts";
import { RawPeer, toHex } from "./raw-peer.test.ts";

test("SubscriptionServing answers each version as that version is answered", () => {
	for (const [version, reply] of [
		[VERSIONS.get("moq-lite-01") as LiteVersion, "0164"],
		[LITE_02, "00"],
		[LITE_03, "0005" + "6400000000"],
		[LITE_04, "0005" + "6400000000"],
		[LITE_05, "000100"],
	] as const) {
		const { world, peer, track } = raw(version);
		send(track(), "hello");
		const subscription = subscribe(peer, version, { latencyMs: 0 });
		world.run(100);
		assert.equal(toHex(subscription.heard.bytes), reply, version.name);
		const group = peer.unis.at(-1);
		const body = version === LITE_05 ? "000568656c6c6f" : "0568656c6c6f";
		assert.equal(toHex(group?.bytes ?? new Uint8Array()), "00020000" + body, version.name);
		assert.equal(group?.end, "fin");
	}
});

test("SubscriptionServing refuses what the grant does not cover before it looks at it, while the track is hot", () => {
	for (const version of VERSIONS.values()) {
		const { world, peer, side, track } = raw(version, { ...GRANT_ALL, subscribe: ["other"] });
		send(track(), "secret");
		const local = watch(world.relay, { path: "room/cam", track: "video" });
		world.run(100);
		assert.equal(local.groups.size, 1);
		const before = peer.unis.length;
		const streams = [subscribe(peer, version, { id: 0 })];
		if (version.fetch) streams.push(peer.bidi("03 11 08", bytes("room/cam"), "05", bytes("video"), "00 00"));
		if (version.track) streams.push(peer.bidi("06 0f 08", bytes("room/cam"), "05", bytes("video")));
		world.run(5000);
		for (const { heard } of streams)
			assert.deepEqual([heard.end, heard.bytes.length], [Code.Unauthorized, 0], version.name);
		assert.equal(peer.unis.length, before, "no group stream");
		assert.equal(side.log.subscribed.length, 0);
		assert.equal(side.log.violations.length, streams.length);
	}
});

test("SubscriptionServing does not let one tenant reach another's broadcast by its full name", () => {
	const { world, peer } = raw(LITE_04, { ...GRANT_ALL, root: "acme" });
	const stream = subscribe(peer, LITE_04, {});
	world.run(100);
	assert.equal(stream.heard.end, Code.Unroutable);
});

test("SubscriptionServing resets an unknown broadcast with 30 and an unknown track with the publisher's code, at once", () => {
	for (const version of VERSIONS.values()) {
		const { world, peer } = raw(version);
		const broadcast = subscribe(peer, version, { id: 0, broadcast: parsePath("nowhere") });
		const track = subscribe(peer, version, { id: 1, track: "nothing" });
		world.run(10);
		assert.deepEqual([broadcast.heard.end, track.heard.end], [Code.Unroutable, Code.NotFound], version.name);
	}
});

test("Session passes the publisher's own code on for a track that it refuses", () => {
	for (const version of [LITE_04, LITE_05]) {
		const world = new World();
		const publisher = world.join({ version });
		const viewer = world.join({ version });
		publisher.origin.announce(
			"a",
			{ hops: [], cost: 0 },
			{
				subscribe: (_track, _request, sink) => {
					sink.onError(99);
					return { update: () => {}, close: () => {} };
				},
				fetch: () => () => {},
				info: (_track, _onInfo, onError) => {
					onError(99);
					return () => {};
				},
			},
		);
		world.run(100);
		const seen = watch(viewer.origin, { path: "a", track: "x" });
		world.run(1000);
		assert.equal(seen.error, 99, version.name);
	}
});

test("SubscriptionServing refuses a second subscription of the same id, and one beyond limits.subscriptions", () => {
	const { world, peer, track, side } = raw(LITE_05, GRANT_ALL, { subscriptions: 2 });
	track();
	const streams = [0, 0, 1, 2].map((id) => subscribe(peer, LITE_05, { id }));
	world.run(100);
	assert.deepEqual(
		streams.map(({ heard }) => heard.end),
		["open", Code.Duplicate, "open", Code.BoundsExceeded],
	);
	assert.equal(side.session.counters.subscriptionsServing, 2);
	streams[0]?.send.finish();
	world.run(100);
	assert.equal(streams[0]?.heard.end, "fin");
	const again = subscribe(peer, LITE_05, { id: 0 });
	world.run(100);
	assert.equal(again.heard.end, "open");
});

for (const [how, leave] of [
	["FIN", (stream: ReturnType<RawPeer["bidi"]>) => stream.send.finish()],
	["RESET", (stream: ReturnType<RawPeer["bidi"]>) => stream.send.reset(0)],
] as const) {
	test(`SubscriptionServing unsubscribes on ${how} and resets what is under way`, () => {
		const { world, peer, side, track } = raw(LITE_05);
		const video = track();
		const group = video.group();
		group.frame({ timestamp: 0, payload: bytes("half") });
		const stream = subscribe(peer, LITE_05, {});
		world.run(100);
		assert.equal(side.session.counters.subscriptionsServing, 1);
		leave(stream);
		world.run(100);
		assert.equal(peer.unis.at(-1)?.end, Code.Cancel);
		assert.notEqual(stream.heard.end, "open");
		const before = peer.unis.length;
		send(video, "more");
		world.run(100);
		assert.equal(peer.unis.length, before);
		assert.equal(side.session.census.subscriptionsServing, 0);
		assert.equal(side.log.unsubscribed.length, 1);
		world.run(60_000);
		assert.equal(video.demand, undefined, "nobody upstream either, after the linger");
	});
}

test("SubscriptionServing ends with the track: END at once, FIN when the last group is through", () => {
	const { world, peer, side, track } = raw(LITE_05);
	const video = track();
	const stream = subscribe(peer, LITE_05, {});
	world.run(100);
	const group = video.group();
	group.frame({ timestamp: 0, payload: new Uint8Array(100_000) });
	world.run(10);
	video.end();
	world.run(100);
	assert.equal(toHex(stream.heard.bytes), "000100" + "010101");
	assert.equal(stream.heard.end, "open", "the group is not through");
	group.finish();
	world.run(500);
	assert.equal(peer.unis.at(-1)?.end, "fin");
	assert.equal(stream.heard.end, "fin");
	assert.equal(side.session.census.subscriptionsServing, 0);
});

test("SubscriptionServing ends with the track even when a group never does", () => {
	const { world, peer, side, track } = raw(LITE_04);
	const video = track();
	const stream = subscribe(peer, LITE_04, {});
	world.run(100);
	video.group().frame({ timestamp: 0, payload: bytes("x") });
	world.run(10);
	video.end();
	world.run(SESSION_LIMITS.drainMs + 100);
	assert.equal(stream.heard.end, "fin");
	assert.equal(side.session.census.subscriptionsServing, 0);
});

test("SubscriptionServing delivers from the group asked for, and to the one asked for until an update raises it", () => {
	for (const version of [LITE_03, LITE_04, LITE_05]) {
		const { world, peer, track } = raw(version);
		const video = track();
		for (const text of ["a", "b", "c", "d"]) send(video, text);
		// Whoever else watches keeps the groups in the cache.
		watch(world.relay, { path: "room/cam", track: "video", startGroup: 0 });
		world.run(100);
		const count = peer.unis.length;
		const stream = subscribe(peer, version, { startGroup: 1, endGroup: 2 });
		world.run(100);
		assert.deepEqual(sequences(peer, count), [1, 2], version.name);
		// SUBSCRIBE_UPDATE: priority 80, 500 ms, no bounds.
		stream.send.write(Buffer.from("06500041f40000", "hex"));
		world.run(100);
		assert.deepEqual(sequences(peer, count), [1, 2, 3], version.name);
	}
});

test("SubscriptionServing passes an update on to the publisher", () => {
	const world = new World();
	const publisher = world.join({ version: LITE_04 });
	const demands: (SubscribeRequest | undefined)[] = [];
	const { broadcast } = publish(publisher.origin, "room/cam", {
		onDemand: (_track, request) => void demands.push(request),
	});
	broadcast.track("video");
	world.run(100);
	const seen = watch(world.relay, { path: "room/cam", track: "video", priority: 10 });
	world.run(1000);
	seen.subscription?.update({ ...REQUEST, priority: 200, ordered: true, latencyMs: 700 });
	world.run(1000);
	assert.deepEqual(
		demands.map((demand) => [demand?.priority, demand?.ordered, demand?.latencyMs]),
		[
			[10, false, 5000],
			[200, true, 700],
		],
	);
});

test("SubscriptionServing ends just the subscription over an update that does not decode", () => {
	const { world, peer, side, track } = raw(LITE_05);
	track();
	const stream = subscribe(peer, LITE_05, {});
	world.run(100);
	stream.send.write(Uint8Array.of(1, 5));
	world.run(100);
	assert.equal(stream.heard.end, Code.Decode);
	assert.equal(side.log.violations[0]?.part, "subscribe");
	assert.equal(side.log.ends.length, 0);
	assert.equal(side.session.census.subscriptionsServing, 0);
});

test("SubscriptionServing tells moq-lite-05 of groups given up, and older clients, which would not read it, nothing", () => {
	for (const [version, tells] of [
		[LITE_05, true],
		[LITE_04, false],
	] as const) {
		const { world, peer, side, track } = raw(version, GRANT_ALL, { laneBudgetBytes: 1000, stalled: true });
		const video = track();
		const stream = subscribe(peer, version, {});
		world.run(100);
		for (let i = 0; i < 30; i++) send(video, new Uint8Array(200_000));
		world.run(1000);
		assert.ok(side.session.counters.groupsDropped > 0, version.name);
		const replies = toHex(stream.heard.bytes);
		assert.equal(replies.length > 20, tells, `${version.name}: ${replies}`);
	}
});

test("SubscriptionRequesting asks for the track's info first on moq-lite-05, and hands it on", () => {
	const world = new World();
	const publisher = world.join({ version: LITE_05 });
	const { broadcast } = publish(publisher.origin, "room/cam");
	broadcast.track("video", { timescale: 90_000, priority: 7, ordered: true, latencyMaxMs: 1234 });
	world.run(100);
	const seen = watch(world.relay, { path: "room/cam", track: "video" });
	world.run(100);
	assert.deepEqual(seen.info, { timescale: 90_000, priority: 7, ordered: true, latencyMaxMs: 1234 });
});

test("SubscriptionRequesting fails with 3 Timeout when the peer does not answer", () => {
	for (const version of [LITE_04, LITE_05]) {
		const { world, peer, side } = raw(version);
		announce(peer, version);
		world.run(100);
		const seen = watch(world.relay, { path: "a", track: "video" });
		world.run(SESSION_LIMITS.responseMs + 1000);
		assert.equal(seen.error, Code.Timeout, version.name);
		assert.equal(side.session.census.subscriptionsRequesting, 0);
		assert.equal(side.session.census.requestsRequesting, 0);
		assert.equal(side.log.ends.length, 0);
	}
});

test("SubscriptionRequesting stops groups that nobody asked for, and reports those of no subscription at all", () => {
	const { world, peer, side } = raw(LITE_04);
	announce(peer, LITE_04);
	world.run(100);
	const seen = watch(world.relay, { path: "a", track: "video" });
	world.run(100);
	const never = peer.uni("00 02 05 00 01 61");
	world.run(100);
	assert.equal(never.stopped, Code.ProtocolViolation);
	assert.equal(side.log.violations.length, 1);
	seen.subscription?.close();
	world.run(60_000);
	const late = peer.uni("00 02 00 00 01 61");
	world.run(100);
	assert.equal(late.stopped, Code.Cancel);
	assert.equal(side.log.violations.length, 1);
	assert.equal(seen.groups.size, 0);
});

test("SubscriptionRequesting gives up a malformed group and nothing else", () => {
	const { world, peer, side } = raw(LITE_04);
	announce(peer, LITE_04);
	world.run(100);
	const seen = watch(world.relay, { path: "a", track: "video" });
	world.run(100);
	const reply = peer.bidis[1];
	reply?.send.write(Buffer.from("0005" + "0000000000", "hex"));
	const bad = peer.uni("00 02 00 00 ff ff ff ff ff ff ff ff");
	const short = peer.uni("00 02 00 01 05 61");
	short.send.finish();
	const good = peer.uni("00 02 00 02 01 61");
	good.send.finish();
	world.run(100);
	assert.notEqual(bad.stopped, undefined);
	assert.deepEqual(
		[...seen.groups].map(([sequence, { state }]) => [sequence, state === "ended"]),
		[
			[0, false],
			[1, false],
			[2, true],
		],
	);
	assert.deepEqual(
		side.log.violations.map(({ dies }) => dies),
		["group", "group"],
	);
	assert.equal(side.session.counters.groupsFailed, 2);
	assert.equal(side.session.census.incomingGroups, 0);
	assert.equal(side.log.ends.length, 0);
});

test("SubscriptionRequesting holds no more groups open than limits.incomingGroups: the oldest goes", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { incomingGroups: 3 });
	announce(peer, LITE_04);
	world.run(100);
	watch(world.relay, { path: "a", track: "video" });
	world.run(100);
	const groups = [0, 1, 2, 3, 4].map((sequence) => peer.uni(Uint8Array.of(0, 2, 0, sequence, 1, 97)));
	world.run(100);
	assert.deepEqual(
		groups.map(({ stopped }) => stopped),
		[Code.Lagged, Code.Lagged, undefined, undefined, undefined],
	);
	assert.equal(side.session.census.incomingGroups, 3);
});

test("SubscriptionRequesting stops groups that come faster than limits.groupsPerSecond", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { groupBurst: 3, groupsPerSecond: 1 });
	announce(peer, LITE_04);
	world.run(100);
	watch(world.relay, { path: "a", track: "video" });
	world.run(100);
	const groups = [0, 1, 2, 3].map((sequence) => peer.uni(Uint8Array.of(0, 2, 0, sequence, 1, 97)));
	world.run(100);
	assert.deepEqual(
		groups.map(({ stopped }) => stopped),
		[undefined, undefined, undefined, Code.BoundsExceeded],
	);
	assert.equal(side.log.violations[0]?.code, Code.BoundsExceeded);
});

test("Session continues a track for its viewers when the publisher returns under the same name", () => {
	for (const version of VERSIONS.values()) {
		const world = new World();
		const viewer = world.join({ version });
		const first = world.join({ version });
		const track = publish(first.origin, "room/cam").broadcast.track("video");
		world.run(100);
		const before = watch(viewer.origin, { path: "room/cam", track: "video" });
		world.run(100);
		send(track, "one");
		world.run(100);
		assert.equal(before.groups.size, 1, version.name);
		first.session.close(0, "lost");
		world.run(1000);
		const second = world.join({ version });
		const again = publish(second.origin, "room/cam").broadcast.track("video");
		for (let i = 0; i < 3; i++) send(again, "two");
		world.run(1000);
		const after = watch(viewer.origin, { path: "room/cam", track: "video" });
		world.run(1000);
		assert.ok(after.groups.size > 0, version.name);
		assert.equal(viewer.log.ends.length, 0);
	}
});

test("Session carries datagrams between peers of moq-lite-05, and to nobody else", () => {
	const world = new World();
	const publisher = world.join({ version: LITE_05 });
	const viewer = world.join({ version: LITE_05 });
	const old = world.join({ version: LITE_04 });
	const { broadcast } = publish(publisher.origin, "a");
	const track = broadcast.track("ticks", { timescale: 1000 });
	world.run(100);
	const seen = watch(viewer.origin, { path: "a", track: "ticks" });
	const deaf = watch(old.origin, { path: "a", track: "ticks" });
	world.run(100);
	track.datagram({ timestamp: 5, payload: bytes("tick") });
	track.datagram({ timestamp: 6, payload: new Uint8Array(5000) });
	world.run(100);
	assert.deepEqual(
		seen.datagrams.map(({ sequence, timestamp, payload }) => [sequence, timestamp, toHex(payload)]),
		[[0, 5, toHex(bytes("tick"))]],
	);
	assert.equal(deaf.datagrams.length, 0);
	assert.equal(viewer.relay.session.counters.datagramsServed, 1);
});

test("Session drops a datagram that does not decode or belongs to nobody", () => {
	const { world, peer, side } = raw(LITE_05);
	const lane = peer.connection.lane(
		{ priority: 0, order: "newest", latencyMs: 0, budgetBytes: 0 },
		{ onDropped: () => {} },
	);
	lane.datagram(Uint8Array.of(0xff));
	lane.datagram(Uint8Array.of(9, 0, 0, 1));
	world.run(100);
	assert.equal(side.session.counters.datagramsReceived, 2);
	assert.equal(side.log.violations.length, 1);
	assert.equal(side.log.ends.length, 0);
});

test("Session attaches a thousand viewers to one upstream subscription, and leaves none behind", () => {
	const world = new World();
	const publisher = world.join({ version: LITE_05 });
	const { broadcast } = publish(publisher.origin, "a");
	const track = broadcast.track("video");
	world.run(100);
	const [client, server] = world.pair({ version: LITE_04, memory: { streamsMax: 10_000 } });
	const side = world.serve(server);
	const peer = new RawPeer(client);
	world.run(100);
	for (let id = 0; id < 1000; id++) subscribe(peer, LITE_04, { id, broadcast: parsePath("a") });
	world.run(100);
	send(track, "x");
	world.run(100);
	assert.equal(publisher.session.counters.subscriptionsServing, 1);
	assert.equal(peer.unis.length, 1000);
	peer.connection.close(0, "");
	world.run(100);
	assertEmpty(side);
});

interface Raw {
	readonly world: World;
	readonly peer: RawPeer;
	readonly side: Side;
	/** Make the track "video" of the broadcast "room/cam". */
	readonly track: () => ReturnType<ReturnType<typeof publish>["broadcast"]["track"]>;
}

/** A relay that has a broadcast, and a peer that speaks bytes. */
function raw(
	version: LiteVersion,
	grant: Grant = GRANT_ALL,
	options: Partial<SessionLimits> & { readonly stalled?: boolean } = {},
): Raw {
	const world = new World();
	const { broadcast } = publish(world.relay, "room/cam");
	const [client, server] = world.pair({ version });
	const side = world.serve(server, { grant, limits: options });
	const peer = new RawPeer(client, options);
	if (version.setup === "streams") peer.uni("01 01 00").send.finish();
	if (version.setup === "in-band")
		peer.bidi("20 000a 01", Buffer.from(`c0000000${version.code.toString(16)}`, "hex"), "00");
	world.run(10);
	return { world, peer, side, track: () => broadcast.track("video", { timescale: 1000 }) };
}

function subscribe(peer: RawPeer, version: LiteVersion, request: Partial<Parameters<typeof encodeSubscribe>[0]>) {
	const whole = { ...REQUEST, id: 0, broadcast: parsePath("room/cam"), track: "video", ...request };
	return peer.bidi("02", encodeSubscribe(whole, version));
}

/** The peer announces "a" on the first stream that was opened to it. */
function announce(peer: RawPeer, version: LiteVersion): void {
	peer.bidis[0]?.send.write(Buffer.from(version === LITE_05 ? "0206010401016100" : "0401016100", "hex"));
}

function send(track: ReturnType<Raw["track"]>, payload: string | Uint8Array): void {
	const group = track.group();
	group.frame({ timestamp: 0, payload: typeof payload === "string" ? bytes(payload) : payload });
	group.finish();
}

/** Sequences of the group streams from the `from`-th on, of small ids and numbers. */
function sequences(peer: RawPeer, from: number): number[] {
	return peer.unis
		.slice(from)
		.map(({ bytes: head }) => head[3] as number)
		.toSorted((a, b) => a - b);
}
