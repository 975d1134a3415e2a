import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "@moq-relay/testkit";
import { Code, LITE_02, LITE_03, LITE_04, LITE_05, type LiteVersion } from "@moq-relay/wire";
import type { Group } from "../model/group.ts";
import type { LocalTrack } from "../model/local-track.ts";
import { bytes, publish, type Side, SinkLog, World, watch } from "./fixture.test.ts";
import { GRANT_ALL } from "./grant.ts";
import { SESSION_LIMITS, type SessionLimits } from "./limits.ts";
import { RawPeer, type RawStream, toHex } from "./raw-peer.test.ts";
import { Session } from "./session.ts";

const FETCH_0 = "03 0b 02 63 61 05 76 69 64 65 6f 00 00";
const FETCH_1 = "03 0b 02 63 61 05 76 69 64 65 6f 00 01";
const FETCH_9 = "03 0b 02 63 61 05 76 69 64 65 6f 00 09";
const TRACK = "06 09 02 63 61 05 76 69 64 65 6f";

test("RequestServing answers a FETCH with the group's frames and FIN, in the version's form", () => {
	for (const [version, body] of [
		[LITE_03, "026869"],
		[LITE_04, "026869"],
		[LITE_05, "0a026869"],
	] as const) {
		const { world, peer, side } = raw(version);
		const fetch = peer.bidi(FETCH_0);
		fetch.send.finish();
		world.run(100);
		assert.deepEqual([toHex(fetch.heard.bytes), fetch.heard.end], [body, "fin"], version.name);
		assert.equal(side.session.census.requestsServing, 0);
	}
});

test("RequestServing answers a FETCH of a group that there is not with 13, soon", () => {
	const { world, peer } = raw(LITE_05);
	const fetch = peer.bidi(FETCH_9);
	world.run(1000);
	assert.equal(fetch.heard.end, Code.NotFound);
});

test("RequestServing answers TRACK with TRACK_INFO and FIN, or with a reset", () => {
	const { world, peer } = raw(LITE_05);
	const known = peer.bidi(TRACK);
	const unknown = peer.bidi("06 05 02 63 61 01 78");
	const nowhere = peer.bidi("06 04 01 78 01 78");
	world.run(100);
	assert.deepEqual([toHex(known.heard.bytes), known.heard.end], ["08" + "0500" + "5388" + "8000c350", "fin"]);
	assert.deepEqual([unknown.heard.end, nowhere.heard.end], [Code.NotFound, Code.Unroutable]);
});

test("RequestServing lets go of a request whose peer leaves", () => {
	const world = new World();
	const cancelled: string[] = [];
	world.relay.announce(
		"ca",
		{ hops: [], cost: 0 },
		{
			subscribe: () => ({ update: () => {}, close: () => {} }),
			fetch: () => () => void cancelled.push("fetch"),
			info: () => () => void cancelled.push("info"),
		},
	);
	const { peer, side } = serve(world, LITE_05, {});
	const [fetch, track] = [peer.bidi(FETCH_0), peer.bidi(TRACK)];
	world.run(100);
	assert.equal(side.session.census.requestsServing, 2);
	fetch.send.reset(0);
	track.send.reset(0);
	world.run(100);
	assert.equal(side.session.census.requestsServing, 0);
	assert.deepEqual(cancelled.toSorted(), ["fetch", "info"]);
});

test("RequestServing lets go of a group that is fetched while it grows, when it ends or the peer leaves", () => {
	const { world, peer, side, track } = raw(LITE_05);
	const group = track.group();
	group.frame({ timestamp: 0, payload: bytes("a") });
	const watched = watch(world.relay, { path: "ca", track: "video" });
	world.run(10);
	assert.equal(watched.groups.size, 1);
	const [stays, leaves] = [peer.bidi(FETCH_1), peer.bidi(FETCH_1)];
	world.run(100);
	assert.equal(side.session.census.requestsServing, 2);
	leaves.send.reset(0);
	world.run(100);
	assert.equal(side.session.census.requestsServing, 1);
	group.frame({ timestamp: 1, payload: bytes("b") });
	group.finish();
	world.run(100);
	assert.deepEqual([toHex(stays.heard.bytes), stays.heard.end], ["000161" + "020162", "fin"]);
	assert.equal(side.session.census.requestsServing, 0);
});

test("Session.regrant() ends a fetch that the grant no longer covers", () => {
	const { world, peer, side, track } = raw(LITE_05);
	track.group().frame({ timestamp: 0, payload: bytes("a") });
	watch(world.relay, { path: "ca", track: "video" });
	world.run(10);
	const fetch = peer.bidi(FETCH_1);
	world.run(100);
	assert.equal(fetch.heard.end, "open");
	side.session.regrant({ ...GRANT_ALL, subscribe: ["other"] });
	world.run(100);
	assert.equal(fetch.heard.end, Code.Unauthorized);
	assert.equal(side.session.census.requestsServing, 0);
});

test("RequestServing has no more under way than limits.requests", () => {
	const world = new World();
	world.relay.announce(
		"ca",
		{ hops: [], cost: 0 },
		{
			subscribe: () => ({ update: () => {}, close: () => {} }),
			fetch: () => () => {},
			info: () => () => {},
		},
	);
	const { peer, side } = serve(world, LITE_05, { requests: 2 });
	const streams = [peer.bidi(FETCH_0), peer.bidi(TRACK), peer.bidi(TRACK)];
	world.run(100);
	assert.deepEqual(
		streams.map(({ heard }) => heard.end),
		["open", "open", Code.BoundsExceeded],
	);
	peer.connection.close(0, "");
	world.run(100);
	assert.equal(side.session.census.requestsServing, 0);
});

test("PeerSource fetches a group through the relay, and learns that there is none", () => {
	for (const version of [LITE_03, LITE_04, LITE_05]) {
		const world = new World();
		const publisher = world.join({ version });
		const viewer = world.join({ version });
		const track = publish(publisher.origin, "a").broadcast.track("v", { timescale: 1000 });
		const group = track.group();
		group.frame({ timestamp: 5, payload: bytes("hi") });
		group.finish();
		world.run(100);
		let found: Group | undefined;
		const errors: number[] = [];
		const sink = { onGroup: (got: Group) => void (found = got), onError: (code: number) => void errors.push(code) };
		viewer.origin.broadcast("a")?.fetch("v", { group: 0, priority: 1 }, sink);
		world.run(1000);
		assert.equal(found?.state, "finished", version.name);
		viewer.origin.broadcast("a")?.fetch("v", { group: 7, priority: 1 }, sink);
		world.run(1000);
		assert.deepEqual(errors, [Code.NotFound], version.name);
		assert.equal(viewer.session.census.requestsRequesting + publisher.relay.session.census.requestsRequesting, 0);
	}
});

test("PeerSource fails a fetch where the version has none, and one that is not answered", () => {
	for (const [version, expected] of [
		[LITE_02, Code.Unsupported],
		[LITE_04, Code.Timeout],
	] as const) {
		const { world, peer } = raw(version);
		announce(peer, version);
		world.run(100);
		const errors: number[] = [];
		const sink = { onGroup: () => {}, onError: (code: number) => void errors.push(code) };
		world.relay.broadcast("z")?.fetch("v", { group: 0, priority: 1 }, sink);
		world.run(SESSION_LIMITS.responseMs + 1000);
		assert.deepEqual(errors, [expected], version.name);
	}
});

test("ProbeServing reports what changes, never more often than every 100 ms, and ends with a FIN", () => {
	const world = new World();
	const network = new Network(world.clock, { bytesPerMs: 1000, latencyMs: 10 });
	const [left, right] = world.pair({ version: LITE_04, memory: { network } });
	const side = world.serve(right);
	const peer = new RawPeer(left);
	const probe = peer.bidi("04");
	world.run(1050);
	// 8 Mbit/s, 20 ms.
	assert.equal(toHex(probe.heard.bytes), "05807a120014");
	assert.equal(side.session.census.probesServing, 1);
	probe.send.finish();
	world.run(200);
	assert.equal(probe.heard.end, "fin");
	assert.equal(side.session.census.probesServing, 0);
});

test("ProbeServing finishes superfluous streams rather than reset them", () => {
	const { world, peer, side } = raw(LITE_04);
	const probes = Array.from({ length: 6 }, () => peer.bidi("04"));
	world.run(100);
	assert.deepEqual(
		probes.map(({ heard }) => heard.end),
		["open", "open", "open", "open", "fin", "fin"],
	);
	assert.equal(side.log.violations.length, 0);
});

test("ProbeServing finishes a stream at once on a carrier that measures nothing", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04 });
	// As a WebSocket has it.
	const side = world.serve(Object.assign(server, { info: { ...server.info, transport: "websocket" } }));
	const peer = new RawPeer(client);
	world.run(10);
	const probe = peer.bidi("04");
	world.run(100);
	assert.equal(probe.heard.end, "fin");
	assert.equal(side.session.census.probesServing, 0);
});

test("Session asks for probes when its owner listens and the peer offers them", () => {
	const world = new World();
	const network = new Network(world.clock, { bytesPerMs: 1000, latencyMs: 10 });
	const [client, server] = world.pair({ version: LITE_05, memory: { network } });
	world.serve(server);
	const reports: unknown[] = [];
	const log = Object.assign(new SinkLog(), { onProbe: (report: unknown) => void reports.push(report) });
	new Session(client, { ...world.options(world.origin(), log), authorise: (_path, decide) => decide(GRANT_ALL) });
	world.run(1000);
	assert.deepEqual(reports, [{ bitrate: 8_000_000, rttMs: 20 }]);
});

test("Session.goaway() tells peers from moq-lite-04 on, and passes on what it is told", () => {
	for (const [version, expected] of [
		[LITE_03, []],
		[LITE_04, ["https://b.example/x"]],
		[LITE_05, ["https://b.example/x"]],
	] as const) {
		const world = new World();
		const peer = world.join({ version });
		world.run(100);
		peer.relay.session.goaway("https://b.example/x");
		world.run(100);
		assert.deepEqual(peer.log.goaways, expected, version.name);
		assert.equal(peer.log.ends.length, 0);
	}
});

for (const [what, open, code] of [
	["an unknown type", (peer: RawPeer) => peer.bidi("3f"), Code.UnexpectedStream],
	["a session stream", (peer: RawPeer) => peer.bidi("00 00"), Code.UnexpectedStream],
	["a second in-band SETUP", (peer: RawPeer) => peer.bidi("20 0000"), Code.UnexpectedStream],
	["a TRACK before moq-lite-05", (peer: RawPeer) => peer.bidi(TRACK), Code.UnexpectedStream],
	["a message over limits.messageBytes", (peer: RawPeer) => peer.bidi("01 80 01 00 01"), Code.BoundsExceeded],
	["a first message that is cut off", (peer: RawPeer) => finished(peer.bidi("01 05 00")), Code.Decode],
	["a stream without anything", (peer: RawPeer) => finished(peer.bidi()), Code.WrongSize],
	["trailing bytes in a message", (peer: RawPeer) => peer.bidi("01 03 00 00 00"), Code.WrongSize],
	["a second message after an interest", (peer: RawPeer) => peer.bidi("01 02 00 00", "00"), Code.UnexpectedMessage],
] as const) {
	test(`StreamDispatch resets just the stream over ${what}`, () => {
		const { world, peer, side } = raw(LITE_04);
		const stream = open(peer);
		world.run(100);
		assert.equal(stream.heard.end, code);
		assert.equal(side.log.violations.length, 1);
		assert.equal(side.log.violations[0]?.code, code);
		assert.equal(side.log.ends.length, 0);
		assert.equal(side.session.census.pendingStreams, 0);
	});
}

test("StreamDispatch stops just a unidirectional stream of an unknown type", () => {
	for (const version of [LITE_04, LITE_05]) {
		const { world, peer, side } = raw(version);
		const stream = peer.uni("05 00");
		world.run(100);
		assert.equal(stream.stopped, Code.UnexpectedStream);
		assert.equal(side.log.ends.length, 0);
		assert.equal(side.session.census.pendingStreams, 0);
	}
});

test("StreamDispatch resets streams that stay silent, and no more than limits.pendingStreams may", () => {
	const { world, peer, side } = raw(LITE_04, { pendingStreams: 3 });
	const bidis = [peer.bidi("02"), peer.bidi("02 05")];
	const uni = peer.uni("00");
	world.run(100);
	const tooMany = peer.bidi("02");
	world.run(100);
	assert.equal(tooMany.heard.end, Code.BoundsExceeded);
	assert.equal(side.session.census.pendingStreams, 3);
	world.run(SESSION_LIMITS.firstMessageMs);
	assert.deepEqual([...bidis.map(({ heard }) => heard.end), uni.stopped], [Code.Timeout, Code.Timeout, Code.Timeout]);
	assert.equal(side.session.census.pendingStreams, 0);
	assert.equal(side.log.ends.length, 0);
});

test("StreamDispatch reads messages that arrive byte by byte", () => {
	const world = new World();
	publish(world.relay, "a");
	const [client, server] = world.pair({ version: LITE_05, memory: { frameBytes: 1 } });
	const side = world.serve(server);
	const peer = new RawPeer(client);
	const setup = peer.uni();
	for (const byte of [1, 1, 0]) setup.send.write(Uint8Array.of(byte));
	const interest = peer.bidi();
	for (const byte of [1, 2, 0, 0]) interest.send.write(Uint8Array.of(byte));
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "020101" + "0401016100");
	assert.equal(side.session.census.pendingStreams, 0);
});

test("StreamDispatch forgets a stream that is reset before it said anything", () => {
	const { world, peer, side } = raw(LITE_04);
	const bidi = peer.bidi("02");
	const uni = peer.uni("00");
	world.run(100);
	bidi.send.reset(0);
	uni.send.reset(0);
	world.run(100);
	assert.equal(side.session.census.pendingStreams, 0);
	assert.equal(side.log.violations.length, 0);
});

test("Session survives a viewer that joins and leaves at once, many times", () => {
	const world = new World();
	const publisher = world.join({ version: LITE_05 });
	publish(publisher.origin, "a").broadcast.track("v");
	world.run(100);
	for (let i = 0; i < 200; i++) {
		const seen = watch(world.relay, { path: "a", track: "v" });
		if (i % 3 === 0) world.run(1);
		seen.subscription?.close();
		if (i % 7 === 0) world.run(4000);
	}
	world.run(60_000);
	assert.equal(publisher.session.counters.subscriptionsServing, 0);
	assert.equal(publisher.relay.session.counters.subscriptionsRequesting, 0);
	assert.equal(publisher.log.ends.length, 0);
});

interface Raw {
	readonly world: World;
	readonly peer: RawPeer;
	readonly side: Side;
	/** "video" of "ca". */
	readonly track: LocalTrack;
}

/** A relay that has the broadcast "ca" with one group on "video", and a peer that speaks bytes. */
function raw(version: LiteVersion, limits: Partial<SessionLimits> = {}): Raw {
	const world = new World();
	const { broadcast } = publish(world.relay, "ca");
	const track = broadcast.track("video", { timescale: 50_000, priority: 5, latencyMaxMs: 5000 });
	const group = track.group();
	group.frame({ timestamp: 5, payload: bytes("hi") });
	group.finish();
	return { world, track, ...serve(world, version, limits) };
}

function serve(world: World, version: LiteVersion, limits: Partial<SessionLimits>): Omit<Raw, "world" | "track"> {
	const [client, server] = world.pair({ version });
	const side = world.serve(server, { limits });
	const peer = new RawPeer(client);
	if (version.setup === "streams") peer.uni("01 01 00").send.finish();
	if (version.setup === "in-band")
		peer.bidi("20 000a 01", Buffer.from(`c0000000${version.code.toString(16)}`, "hex"), "00");
	world.run(10);
	return { peer, side };
}

function announce(peer: RawPeer, version: LiteVersion): void {
	peer.bidis[0]?.send.write(Buffer.from(version === LITE_02 ? "0100" + "0301017a" : "0401017a00", "hex"));
}

function finished(stream: RawStream): RawStream {
	stream.send.finish();
	return stream;
}
