import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "@moq-relay/testkit";
import { Code, LITE_02, LITE_03, LITE_04, LITE_05, type LiteVersion } from "@moq-relay/wire";
import { LocalBroadcast } from "../model/local-broadcast.ts";
import type { Route } from "../model/route.ts";
import { assertEmpty, names, publish, type Side, VERSIONS, World } from "./fixture.test.ts";
import { GRANT_ALL, type Grant } from "./grant.ts";
import { SESSION_LIMITS, type SessionLimits } from "./limits.ts";
import { RawPeer, toHex } from "./raw-peer.test.ts";

const CLIENT_SETUP_02 = "20 000a 01 c0000000ff0dad02 00";

test("AnnounceServing tells moq-lite-02 everything in one ANNOUNCE_INIT, then each change", () => {
	const { world, peer } = raw(LITE_02);
	const { announcement } = announce(world, "b.hang");
	const interest = peer.bidi("01 01 00");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "0801" + "06622e68616e67");
	announcement.close();
	announce(world, "c");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes).slice(18), "0800" + "06622e68616e67" + "03010163");
});

test("AnnounceServing counts hops for moq-lite-03, itself included", () => {
	const { world, peer } = raw(LITE_03);
	announce(world, "b", [7, 8]);
	const interest = peer.bidi("01 01 00");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "0401016203");
});

test("AnnounceServing names hops for moq-lite-04, its own id last, and leaves out what passed the asker", () => {
	const { world, peer } = raw(LITE_04);
	announce(world, "b", [7, 8]);
	announce(world, "c", [9]);
	const interest = peer.bidi("01 02 00 09");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "0701016203070801");
});

test("AnnounceServing tells moq-lite-05 its id once and how much follows, and does not name itself in hops", () => {
	const { world, peer } = raw(LITE_05);
	announce(world, "b", [7, 8]);
	announce(world, "c");
	const interest = peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "020102" + "06010162020708" + "0401016300");
});

test("AnnounceServing replaces a broadcast by a second active on moq-lite-05, by ended and active before", () => {
	for (const [version, expected] of [
		[LITE_05, "0501016201" + "09"],
		[LITE_04, "0400016200" + "06010162020901"],
		[LITE_03, "0400016200" + "0401016202"],
	] as const) {
		const { world, peer } = raw(version);
		announce(world, "b", [7]);
		const interest = peer.bidi(version === LITE_03 ? "01 01 00" : "01 02 00 00");
		world.run(100);
		const before = interest.heard.bytes.length;
		announce(world, "b", [9]);
		world.run(100);
		assert.equal(toHex(interest.heard.bytes.subarray(before)), expected, version.name);
	}
});

test("AnnounceServing does not cut off viewers of moq-lite-04 because a route changed, but tells relays", () => {
	for (const [cluster, expected] of [
		[false, ""],
		[true, "0400016200" + "0701016203070b01"],
	] as const) {
		const { world, peer } = raw(LITE_04, { ...GRANT_ALL, cluster });
		const { announcement } = announce(world, "b", [7]);
		const interest = peer.bidi("01 02 00 00");
		world.run(100);
		const before = interest.heard.bytes.length;
		announcement.update({ hops: [7, 11], cost: 1 });
		world.run(200);
		assert.equal(toHex(interest.heard.bytes.subarray(before)), expected);
	}
});

test("AnnounceServing shows only what the grant covers, and internal names to relays alone", () => {
	const { world, peer } = raw(LITE_04, { root: "acme", publish: [], subscribe: ["live", "x/y"], cluster: false });
	for (const path of ["acme/live", "acme/live/a", "acme/lively", "acme/x", "acme/x/y/z", "other/live", "live"]) {
		announce(world, path);
	}
	const interest = peer.bidi("01 02 00 00");
	world.run(100);
	assert.deepEqual(suffixes(interest.heard.bytes), ["live", "live/a", "x/y/z"]);
});

test("AnnounceServing hides internal names from all but relays", () => {
	for (const [cluster, expected] of [
		[false, ["a"]],
		[true, [".internal/b", "a", "internal/origins/x"]],
	] as const) {
		const { world, peer } = raw(LITE_04, { ...GRANT_ALL, cluster });
		for (const path of ["a", "internal/origins/x", ".internal/b"]) announce(world, path);
		const interest = peer.bidi("01 02 00 00");
		world.run(100);
		assert.deepEqual(suffixes(interest.heard.bytes).toSorted(), expected);
	}
});

test("AnnounceServing answers a prefix outside the grant with nothing, and keeps the stream", () => {
	const { world, peer } = raw(LITE_05, { ...GRANT_ALL, subscribe: [] });
	announce(world, "a");
	const interest = peer.bidi("01 03 01 61 00");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "020100");
	assert.equal(interest.heard.end, "open");
	interest.send.finish();
	world.run(100);
	assert.equal(interest.heard.end, "fin");
});

test("AnnounceServing refuses more interests than limits.interests, and nothing else", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { interests: 2 });
	const streams = [0, 1, 2].map(() => peer.bidi("01 02 00 00"));
	world.run(100);
	assert.deepEqual(
		streams.map(({ heard }) => heard.end),
		["open", "open", Code.BoundsExceeded],
	);
	assert.equal(side.log.violations.length, 1);
	streams[0]?.send.finish();
	world.run(100);
	const again = peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(again.heard.end, "open");
});

test("AnnounceOutbox ends a session whose peer reads no announcements for limits.unreadMs, and not before", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { stalled: true });
	peer.bidi("01 02 00 00");
	world.run(100);
	for (let i = 0; i < 2000; i++) announce(world, `flood/${"x".repeat(900)}/${i}`);
	world.run(SESSION_LIMITS.unreadMs - 1000);
	assert.equal(side.log.ends.length, 0);
	world.run(2000);
	assert.equal(side.log.end?.code, Code.BoundsExceeded);
	assertEmpty(side);
});

test("AnnounceOutbox spares a peer that reads slowly what is over by the time it has read the rest", () => {
	for (const version of [LITE_02, LITE_04, LITE_05]) {
		const world = new World();
		const network = new Network(world.clock);
		const viewer = world.join({ version, memory: { network } });
		world.run(100);
		network.change("server", "client", { bytesPerMs: 200 });
		const prefix = `flood/${"x".repeat(900)}`;
		const flood = Array.from({ length: 3000 }, (_, i) => announce(world, `${prefix}/${i}`));
		const first = announce(world, "kept").announcement;
		world.run(1000);
		// A third is over before the peer has heard of it; another one is over, and back, by then.
		for (const { announcement } of flood.slice(2000)) announcement.close();
		first.close();
		announce(world, "kept");
		world.run(60_000);
		assert.equal(viewer.log.ends.length, 0, version.name);
		const known = names(viewer.origin);
		assert.equal(known.length, 2001, version.name);
		assert.ok(known.includes("kept"), version.name);
	}
});

test("AnnounceListening asks for each prefix of the grant once, widest first", () => {
	const { world, peer } = raw(LITE_04, { ...GRANT_ALL, publish: ["a/b", "a", "c", "c"] });
	world.run(100);
	assert.deepEqual(
		peer.bidis.map(({ heard }) => toHex(heard.bytes)),
		["0103016101", "0103016301"],
	);
});

test("AnnounceListening takes what the peer announces into the table under the grant's root", () => {
	for (const version of VERSIONS.values()) {
		const world = new World();
		const peer = world.join({ version, grant: { ...GRANT_ALL, root: "acme", publish: ["room"] } });
		const { announcement } = publish(peer.origin, "room/cam");
		publish(peer.origin, "hall/cam");
		world.run(100);
		assert.deepEqual(names(world.relay), ["acme/room/cam"], version.name);
		announcement.close();
		world.run(100);
		assert.deepEqual(names(world.relay), [], version.name);
	}
});

test("AnnounceListening keeps what a lost peer announced for the linger, and drops what a closing one ends", () => {
	const world = new World();
	const peer = world.join();
	publish(peer.origin, "room/cam");
	world.run(100);
	peer.session.close(0, "");
	world.run(1000);
	assert.deepEqual(names(world.relay), ["room/cam"]);
	world.run(10_000);
	assert.deepEqual(names(world.relay), []);
	assert.ok(world.relay.isEmpty);
});

test("AnnounceListening puts the peer last in the hops, or a stand-in where it names none", () => {
	for (const [version, messages, expected] of [
		[LITE_05, "02 06 01" + "05 01 01 61 01 05", [5, 6]],
		[LITE_05, "02 06 01" + "04 01 01 61 00", [6]],
		[LITE_05, "02 00 01" + "05 01 01 61 01 05", [5, "peer"]],
		[LITE_05, "02 06 01" + "05 01 01 61 01 00", ["peer", 6]],
		[LITE_04, "06 01 01 61 02 05 06", [5, 6]],
		[LITE_04, "04 01 01 61 00", ["peer"]],
		[LITE_03, "04 01 01 61 02", ["peer", "peer"]],
		[LITE_02, "03 01 01 61", ["peer"]],
	] as const) {
		const { world, peer } = raw(version);
		world.run(100);
		peer.bidis[0]?.send.write(Buffer.from(messages.replaceAll(" ", ""), "hex"));
		world.run(100);
		const [announced] = world.relay.active("");
		const told = [5, 6] as readonly unknown[];
		const hops = announced?.route.hops.map((hop) => (told.includes(hop) ? hop : "peer"));
		assert.deepEqual(hops, expected, `${version.name} ${messages}`);
	}
});

test("AnnounceListening does not use a route that passed through us, and lets it come back clean", () => {
	const { world, peer, side } = raw(LITE_05);
	world.run(100);
	peer.bidis[0]?.send.write(Buffer.from("020600" + "05010161" + "0101", "hex"));
	world.run(100);
	assert.deepEqual(names(world.relay), []);
	peer.bidis[0]?.send.write(Buffer.from("05010161" + "0105", "hex"));
	world.run(100);
	assert.deepEqual(names(world.relay), ["a"]);
	peer.bidis[0]?.send.write(Buffer.from("0400016100", "hex"));
	world.run(5000);
	assert.deepEqual(names(world.relay), []);
	assert.deepEqual(side.log.violations, []);
});

for (const version of [LITE_02, LITE_03, LITE_04]) {
	test(`AnnounceListening ends the session when ${version.name} announces a live path again`, () => {
		const { world, peer, side } = raw(version);
		world.run(100);
		const active = version === LITE_02 ? "03010161" : version === LITE_03 ? "0401016100" : "0401016100";
		const send = peer.bidis[0]?.send;
		if (version === LITE_02) send?.write(Buffer.from("0100", "hex"));
		send?.write(Buffer.from(active + active, "hex"));
		world.run(100);
		assert.equal(side.log.end?.code, Code.ProtocolViolation);
		assertEmpty(side);
	});
}

test("AnnounceListening takes a second active of moq-lite-05 for a replacement", () => {
	const { world, peer, side } = raw(LITE_05);
	const told: string[] = [];
	world.relay.watch("", {
		onStart: () => {},
		onActive: (_path, route) => void told.push(`active ${hopsOf(route)}`),
		onRestart: (_path, route) => void told.push(`restart ${hopsOf(route)}`),
		onUpdate: (_path, route) => void told.push(`update ${hopsOf(route)}`),
		onEnded: () => void told.push("ended"),
	});
	world.run(100);
	const send = peer.bidis[0]?.send;
	send?.write(Buffer.from("020601" + "0501016101" + "05", "hex"));
	world.run(100);
	send?.write(Buffer.from("060101610205" + "07", "hex"));
	world.run(100);
	send?.write(Buffer.from("0501016101" + "08", "hex"));
	world.run(5000);
	assert.deepEqual(told.slice(0, 2), ["active 5,6", "update 5,7,6"]);
	assert.equal(told.at(-1), told.includes("ended") ? "active 8,6" : "restart 8,6");
	assert.equal(side.session.counters.announcements, 1);
});

test("AnnounceListening ends the session of a peer that announces more than limits.announcements", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { announcements: 100 });
	world.run(100);
	for (let i = 0; i < 101; i++) {
		peer.bidis[0]?.send.write(Uint8Array.of(6, 1, 3, 97, 48 + Math.trunc(i / 10), 48 + (i % 10), 0));
	}
	world.run(100);
	assert.equal(side.log.end?.code, Code.BoundsExceeded);
	world.run(20_000);
	assert.deepEqual(names(world.relay), []);
	assertEmpty(side);
});

test("Session ends when the peer sends control messages faster than limits.messagesPerSecond", () => {
	const { world, peer, side } = raw(LITE_04, GRANT_ALL, { messageBurst: 50, messagesPerSecond: 10 });
	world.run(100);
	const flap = Buffer.from("0401016100" + "0400016100", "hex");
	for (let i = 0; i < 20; i++) peer.bidis[0]?.send.write(flap);
	world.run(3000);
	assert.equal(side.log.ends.length, 0);
	for (let i = 0; i < 30; i++) peer.bidis[0]?.send.write(flap);
	world.run(100);
	assert.equal(side.log.end?.code, Code.BoundsExceeded);
});

test("AnnounceListening reports what it does not take, and lives on", () => {
	const { world, peer, side } = raw(LITE_04, { ...GRANT_ALL, publish: [""], cluster: false });
	world.run(100);
	peer.bidis[0]?.send.write(Buffer.from("0d01" + "0a" + Buffer.from("internal/a").toString("hex") + "00", "hex"));
	world.run(100);
	assert.deepEqual(names(world.relay), []);
	assert.equal(side.log.violations[0]?.dies, "announcement");
	assert.equal(side.log.ends.length, 0);
});

test("AnnounceListening lets announcements linger when the announce stream breaks, and the session live", () => {
	const { world, peer, side } = raw(LITE_04);
	world.run(100);
	peer.bidis[0]?.send.write(Buffer.from("0401016100", "hex"));
	world.run(100);
	peer.bidis[0]?.send.reset(0);
	world.run(100);
	assert.deepEqual(names(world.relay), ["a"]);
	assert.equal(side.session.counters.announcements, 0);
	world.run(10_000);
	assert.deepEqual(names(world.relay), []);
	assert.equal(side.log.ends.length, 0);
});

test("Session.regrant() retracts, shows, drops and asks as the new grant says", () => {
	const world = new World();
	publish(world.relay, "a/1");
	publish(world.relay, "b/1");
	const peer = world.join({ grant: { ...GRANT_ALL, publish: ["p"], subscribe: ["a"] } });
	publish(peer.origin, "p/1");
	publish(peer.origin, "q/1");
	world.run(100);
	assert.deepEqual(names(peer.origin), ["a/1", "p/1", "q/1"]);
	assert.deepEqual(names(world.relay), ["a/1", "b/1", "p/1"]);
	peer.relay.session.regrant({ ...GRANT_ALL, publish: ["q"], subscribe: ["b"] });
	world.run(5000);
	assert.deepEqual(names(peer.origin), ["b/1", "p/1", "q/1"]);
	assert.deepEqual(names(world.relay), ["a/1", "b/1", "q/1"]);
	assert.throws(() => peer.relay.session.regrant({ ...GRANT_ALL, root: "x" }), TypeError);
});

test("Session keeps two tenants with the same names apart", () => {
	const world = new World();
	const [red, blue] = ["red", "blue"].map((root) => world.join({ grant: { ...GRANT_ALL, root, cluster: false } }));
	publish(red!.origin, "cam");
	world.run(100);
	assert.deepEqual(names(world.relay), ["red/cam"]);
	assert.deepEqual(names(blue!.origin), []);
	publish(blue!.origin, "cam");
	world.run(100);
	assert.deepEqual(names(world.relay), ["blue/cam", "red/cam"]);
	assert.deepEqual([names(red!.origin), names(blue!.origin)], [["cam"], ["cam"]]);
});

test("Session repeats a publisher's own broadcasts to it up to moq-lite-03, as the reference does, and not from 04 on", () => {
	for (const [version, interest, isTold] of [
		[LITE_02, "01 01 00", true],
		[LITE_03, "01 01 00", true],
		[LITE_04, "01 02 00 05", false],
		[LITE_05, "01 02 00 05", false],
	] as const) {
		const { world, peer } = raw(version);
		const own = peer.bidi(interest);
		world.run(100);
		const send = peer.bidis[0]?.send;
		if (version === LITE_02) send?.write(Buffer.from("0100" + "03010161", "hex"));
		if (version === LITE_03) send?.write(Buffer.from("0401016101", "hex"));
		if (version === LITE_04) send?.write(Buffer.from("0501016101" + "05", "hex"));
		if (version === LITE_05) send?.write(Buffer.from("020501" + "0401016100", "hex"));
		world.run(100);
		assert.deepEqual(names(world.relay), ["a"], version.name);
		assert.equal(toHex(own.heard.bytes).includes("010161"), isTold, version.name);
	}
});

interface Raw {
	readonly world: World;
	readonly peer: RawPeer;
	readonly side: Side;
}

function raw(
	version: LiteVersion,
	grant: Grant = GRANT_ALL,
	options: Partial<SessionLimits> & { readonly stalled?: boolean } = {},
): Raw {
	const world = new World();
	const [client, server] = world.pair({ version });
	const side = world.serve(server, { grant, limits: options });
	const peer = new RawPeer(client, options);
	if (version.setup === "streams") peer.uni("01 01 00").send.finish();
	if (version.setup === "in-band") peer.bidi(CLIENT_SETUP_02);
	world.run(10);
	return { world, peer, side };
}

function announce(world: World, path: string, hops: Route["hops"] = []) {
	const announcement = world.relay.announce(path, { hops, cost: 0 }, new LocalBroadcast());
	assert.ok(typeof announcement !== "string");
	return { announcement };
}

function hopsOf(route: Route): string {
	return route.hops.join(",");
}

/** The suffixes of a row of moq-lite-04 announcements. */
function suffixes(bytes: Uint8Array): string[] {
	const found: string[] = [];
	for (let at = 0; at < bytes.length; at += 1 + (bytes[at] as number)) {
		const length = bytes[at + 2] as number;
		found.push(new TextDecoder().decode(bytes.subarray(at + 3, at + 3 + length)));
	}
	return found;
}

test("AnnounceServing tells nothing to listeners of other prefixes, and each change once to those of its own", () => {
	const { world, peer } = raw(LITE_04, GRANT_ALL);
	const own = peer.bidi("01 06 04 726f6f6d 00");
	const others = ["01 07 05 726f6f6d73 00", "01 0a 08 6f746865722f6161 00"].map((request) => peer.bidi(request));
	world.run(100);
	const before = [own, ...others].map(({ heard }) => heard.bytes.length);
	const { announcement } = announce(world, "room/a", [7]);
	announce(world, "room/b", [7]);
	announcement.close();
	world.run(500);
	const told = [own, ...others].map(({ heard }, at) => heard.bytes.length - (before[at] ?? 0));
	assert.ok((told[0] ?? 0) > 0);
	assert.deepEqual(told.slice(1), [0, 0]);
	const count = own.heard.bytes
		.subarray(before[0])
		.filter((byte, at, bytes) => byte === 0x61 && bytes[at - 1] === 1).length;
	assert.equal(count, 2, "announced and ended");
});
