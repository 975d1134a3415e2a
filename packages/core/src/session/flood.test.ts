import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, LITE_04, LITE_05, type LiteVersion } from "@moq-relay/wire";
import { publish, type Side, World } from "./fixture.test.ts";
import type { SessionLimits } from "./limits.ts";
import { hex, RawPeer, toHex } from "./raw-peer.test.ts";

test("StreamDispatch counts every bidirectional stream as a message, even one that never says anything", () => {
	const { world, peer, side } = raw(LITE_05, { messageBurst: 5, messagesPerSecond: 1 });
	for (let index = 0; index < 8; index++) peer.bidi("02").send.reset(0);
	world.run(100);
	assert.deepEqual([side.log.end?.code, side.log.end?.by], [Code.BoundsExceeded, "local"]);
	assert.equal(peer.end?.code, Code.BoundsExceeded);
});

test("StreamDispatch counts a request once, not its stream and its message", () => {
	const { world, peer, side } = raw(LITE_05, { messageBurst: 5, messagesPerSecond: 1 });
	for (let index = 0; index < 5; index++) peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(side.log.ends.length, 0);
	assert.equal(side.session.census.interestsServing, 5);
});

test("StreamDispatch ends a session whose unidirectional streams come faster than limits.uniStreamsPerSecond", () => {
	// One of them is the SETUP.
	const { world, peer, side } = raw(LITE_05, { uniStreamBurst: 4, uniStreamsPerSecond: 1 });
	for (let index = 0; index < 3; index++) peer.uni("00").send.reset(0);
	world.run(100);
	assert.equal(side.log.ends.length, 0);
	peer.uni("00").send.reset(0);
	world.run(100);
	assert.equal(peer.end?.code, Code.BoundsExceeded);
});

test("IncomingUni ends the session at once over a SETUP that is none", () => {
	const cases: readonly [string, number][] = [
		["01 ffffffffffffffff", Code.Decode],
		["01 8fffffff", Code.BoundsExceeded],
		["01 05 01", Code.WrongSize],
		["01 02 00 00", Code.WrongSize],
	];
	for (const [bytes, code] of cases) {
		const world = new World();
		const [client, server] = world.pair({ version: LITE_05 });
		const side = world.serve(server);
		const peer = new RawPeer(client);
		peer.uni(bytes).send.finish();
		world.run(100);
		assert.equal(side.log.end?.code, code, bytes);
		assert.equal(peer.end?.code, code, bytes);
	}
});

test("MessageStream and IncomingUni keep the credit of messages that are not whole, and return it with the stream", () => {
	// Each stream holds most of the longest message that is taken; together they are more than a session may hold.
	const part = new Uint8Array(60_000);
	const kinds = [(peer: RawPeer) => peer.bidi("02 8000f000", part), (peer: RawPeer) => peer.uni("01 8000f000", part)];
	for (const open of kinds) {
		const { world, peer, side } = raw(LITE_05);
		const streams = Array.from({ length: 80 }, () => open(peer));
		world.run(500);
		const asked = peer.bidi("01 02 00 00");
		world.run(500);
		assert.equal(asked.heard.bytes.length, 0, "nothing more is read");
		for (const { send } of streams) send.reset(0);
		world.run(500);
		assert.ok(asked.heard.bytes.length > 0, "all is read again");
		assert.equal(side.log.ends.length, 0);
		assert.equal(side.session.census.pendingStreams, 0);
	}
});

test("MessageStream reads on where many messages share a stream, and returns all of their credit", () => {
	const { world, peer, side } = raw(LITE_04, { messageBurst: 1_000_000 });
	// A probe stream ignores what comes after its type.
	const probe = peer.bidi("04");
	const message = new Uint8Array([...hex("7fff"), ...new Uint8Array(0x3fff)]);
	for (let index = 0; index < 600; index++) probe.send.write(message);
	world.run(2000);
	const asked = peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(asked.heard.end, "open");
	assert.equal(side.log.ends.length, 0);
	assert.equal(side.session.census.interestsServing, 1, "nearly ten MiB have gone through a session that holds four");
});

test("SubscriptionRequesting drops datagrams that come faster than limits.groupsPerSecond", () => {
	const { world, peer, side } = raw(LITE_05, { groupBurst: 3, groupsPerSecond: 1 });
	// What does not decode is reported, so that the reports tell how many were looked at.
	for (let index = 0; index < 5; index++) peer.connection.lane(POLICY, { onDropped: () => {} }).datagram(hex("ff"));
	world.run(100);
	assert.equal(side.session.counters.datagramsReceived, 5);
	assert.equal(side.log.violations.length, 3);
	assert.equal(side.log.ends.length, 0);
});

test("ShownNames leaves out names beyond limits.shownBytes, also those that come later, until there is room", () => {
	// Room for three names of one letter.
	const { world, peer, side } = raw(LITE_05, { shownBytes: 200 });
	const first = publish(world.relay, "a");
	publish(world.relay, "b");
	const one = peer.bidi("01 02 00 00");
	world.run(100);
	const two = peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(toHex(one.heard.bytes), "020102 0401016100 0401016200".replaceAll(" ", ""));
	assert.equal(toHex(two.heard.bytes), "020101 0401016100".replaceAll(" ", ""));
	assert.deepEqual(side.log.violations, [
		{ dies: "announcement", part: "announce", code: Code.BoundsExceeded, reason: "too many names to show" },
	]);
	one.send.finish();
	world.run(100);
	first.announcement.close();
	publish(world.relay, "c");
	world.run(6000);
	assert.match(toHex(two.heard.bytes), /0401016300$/);
	assert.equal(side.log.ends.length, 0);
});

test("ShownNames stops a peer that has names listed to it over and over", () => {
	const { world, peer, side } = raw(LITE_05, { listedBurst: 200, listedBytesPerSecond: 1 });
	for (const path of ["a", "b"]) publish(world.relay, path);
	const streams = [0, 1, 2].map(() => {
		const stream = peer.bidi("01 02 00 00");
		stream.send.finish();
		world.run(100);
		return stream;
	});
	assert.deepEqual(
		streams.map(({ heard }) => heard.end),
		["fin", Code.BoundsExceeded, Code.BoundsExceeded],
	);
	assert.equal(side.session.census.interestsServing, 0);
	assert.equal(side.log.ends.length, 0);
});

test("HeldInterest ends a session whose names are longer than limits.announcementBytes all together", () => {
	const { world, peer, side } = raw(LITE_05, { announcementBytes: 3 });
	const interest = peer.bidis[0];
	interest?.send.write(hex("02 09 00  04 01 01 61 00  05 01 02 62 62 00  04 00 01 61 00  04 01 01 63 00"));
	world.run(100);
	assert.equal(side.log.ends.length, 0, "a name that has ended does not count");
	interest?.send.write(hex("04 01 01 64 00"));
	world.run(100);
	assert.equal(side.log.end?.code, Code.BoundsExceeded);
});

const POLICY = { priority: 0, order: "newest", latencyMs: 1000, budgetBytes: 1000 } as const;

function raw(version: LiteVersion, limits: Partial<SessionLimits> = {}): { world: World; peer: RawPeer; side: Side } {
	const world = new World();
	const [client, server] = world.pair({ version });
	const side = world.serve(server, { limits });
	const peer = new RawPeer(client);
	if (version.setup === "streams") peer.uni("01 01 00").send.finish();
	world.run(10);
	return { world, peer, side };
}
