import assert from "node:assert/strict";
import { test } from "node:test";
import {
	BidiType,
	Code,
	encodeAnnounce,
	encodeAnnounceInit,
	encodeAnnounceOk,
	encodeAnnounceRequest,
	encodeClientSetup,
	encodeFetch,
	encodeGoaway,
	encodeGroupHeader,
	encodeSetup,
	encodeSubscribe,
	encodeSubscribeReply,
	encodeSubscribeUpdate,
	encodeTrack,
	encodeTrackInfo,
	type LiteVersion,
	openStream,
	parsePath,
	SETUP_EMPTY,
	UniType,
} from "@moq-relay/wire";
import fc from "fast-check";
import { assertEmpty, bytes, publish, REQUEST, VERSIONS, World, watch } from "./fixture.test.ts";
import { GRANT_ALL } from "./grant.ts";
import { RawPeer } from "./raw-peer.test.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 40);
const SUBSCRIBE = { ...REQUEST, id: 5, broadcast: parsePath("room/cam"), track: "video" };
const INFO = { priority: 1, ordered: false, latencyMaxMs: 5000, timescale: 1000 };

/** A healthy message, where it goes, and whether what is wrong with it may end the session. */
interface Specimen {
	readonly name: string;
	readonly bytes: Uint8Array;
	readonly on: "bidi" | "uni" | "announce" | "subscribe" | "track";
	readonly fatal: boolean;
}

for (const version of VERSIONS.values()) {
	for (const specimen of specimensOf(version)) {
		test(`Session of ${version.name} loses no more than ${specimen.fatal ? "itself" : "the stream"} over a malformed ${specimen.name}`, () => {
			fc.assert(
				fc.property(mutated(specimen.bytes), fc.boolean(), fc.nat(1000), (mutant, fin, seed) => {
					check({ version, specimen, mutant, fin, seed });
				}),
				{ numRuns: RUNS },
			);
		});
	}
}

interface Case {
	readonly version: LiteVersion;
	readonly specimen: Specimen;
	readonly mutant: Uint8Array;
	readonly fin: boolean;
	readonly seed: number;
}

function check({ version, specimen, mutant, fin, seed }: Case): void {
	const world = new World(seed);
	const track = publish(world.relay, "room/cam").broadcast.track("video", { timescale: 1000 });
	const [client, server] = world.pair({ version, memory: { randomCuts: true } });
	const side = world.serve(server, { grant: GRANT_ALL });
	const peer = new RawPeer(client);
	greet(peer, version);
	world.run(10);
	// Somebody healthy on the same session.
	peer.bidi("02", encodeSubscribe({ ...SUBSCRIBE, id: 1000 }, version));
	world.run(10);
	say(world, peer, { version, specimen, mutant, fin });
	world.run(500);
	if (side.log.ends.length > 0) {
		// What begins like a SETUP is one, and there has been one.
		const isSetup = specimen.on === "uni" && mutant[0] === UniType.Setup;
		assert.ok(specimen.fatal || isSetup, `session ended with ${side.log.end?.code} ${side.log.end?.reason}`);
		assert.ok(Object.values(Code).includes(side.log.end?.code as Code));
	} else {
		const before = peer.unis.length;
		const group = track.group();
		group.frame({ timestamp: 1, payload: bytes("alive") });
		group.finish();
		world.run(100);
		assert.ok(peer.unis.length > before, "the healthy subscription is still served");
	}
	for (const { code } of side.log.violations) assert.ok(Object.values(Code).includes(code as Code), `code ${code}`);
	peer.connection.close(0, "");
	world.run(120_000);
	assertEmpty(side);
	assert.ok(world.relay.cacheByteLength < 1_000_000);
}

function greet(peer: RawPeer, version: LiteVersion): void {
	if (version.setup === "streams") peer.uni("01 01 00").send.finish();
	if (version.setup === "in-band") peer.bidi(encodeClientSetup({ versions: [version.code], parameters: {} }));
}

function say(world: World, peer: RawPeer, what: Omit<Case, "seed">): void {
	const { version, specimen, mutant, fin } = what;
	const end = (send: { write(bytes: Uint8Array): boolean; finish(): void } | undefined): void => {
		send?.write(mutant);
		if (fin) send?.finish();
	};
	const [interest] = peer.bidis;
	if (specimen.on === "bidi") return end(peer.bidi().send);
	if (specimen.on === "announce") return end(interest?.send);
	// The rest answers requests of ours, or carries what we asked for.
	interest?.send.write(healthyAnnounce(version));
	world.run(10);
	watch(world.relay, { path: "a", track: "t" });
	world.run(10);
	if (specimen.on === "track") return end(peer.bidis.at(-1)?.send);
	if (version.track) {
		peer.bidis.at(-1)?.send.write(encodeTrackInfo(INFO));
		world.run(10);
	}
	if (specimen.on === "subscribe") return end(peer.bidis.at(-1)?.send);
	return end(peer.uni().send);
}

function specimensOf(version: LiteVersion): Specimen[] {
	const bidi = (name: string, body: Uint8Array): Specimen => ({ name, bytes: body, on: "bidi", fatal: false });
	const all: (Specimen | false)[] = [
		bidi(
			"ANNOUNCE_REQUEST",
			openStream(BidiType.Announce, encodeAnnounceRequest({ prefix: parsePath("room"), excludeHop: 5 }, version)),
		),
		bidi("SUBSCRIBE", openStream(BidiType.Subscribe, encodeSubscribe(SUBSCRIBE, version))),
		bidi(
			"SUBSCRIBE_UPDATE",
			openStream(BidiType.Subscribe, encodeSubscribe(SUBSCRIBE, version), encodeSubscribeUpdate(REQUEST, version)),
		),
		version.fetch && bidi("FETCH", openStream(BidiType.Fetch, encodeFetch({ ...SUBSCRIBE, group: 0 }))),
		version.track && bidi("TRACK", openStream(BidiType.Track, encodeTrack(SUBSCRIBE))),
		version.probe && bidi("PROBE", openStream(BidiType.Probe)),
		version.goaway && bidi("GOAWAY", openStream(BidiType.Goaway, encodeGoaway({ uri: "https://b/x" }))),
		{ name: "group", bytes: groupBytes(version), on: "uni", fatal: false },
		version.setup === "streams" && {
			name: "SETUP",
			bytes: openStream(UniType.Setup, encodeSetup({ ...SETUP_EMPTY, probe: "report", origin: 77 })),
			on: "uni",
			fatal: true,
		},
		{ name: "ANNOUNCE", bytes: healthyAnnounce(version), on: "announce", fatal: true },
		{ name: "SUBSCRIBE reply", bytes: replies(version), on: "subscribe", fatal: false },
		version.track && { name: "TRACK_INFO", bytes: encodeTrackInfo(INFO), on: "track", fatal: false },
	];
	return all.filter((specimen) => specimen !== false);
}

function groupBytes(version: LiteVersion): Uint8Array {
	const body = version.frames === "lite-05" ? [4, 2, 104, 105, 2, 1, 33] : [2, 104, 105, 1, 33];
	return Uint8Array.of(...encodeGroupHeader({ subscribe: 0, sequence: 3 }), ...body);
}

function healthyAnnounce(version: LiteVersion): Uint8Array {
	const announce = encodeAnnounce({ status: "active", suffix: parsePath("a"), hops: [] }, version);
	const first = version.announceOk
		? encodeAnnounceOk({ origin: 9, active: 1 })
		: version.announceInit
			? encodeAnnounceInit({ suffixes: [parsePath("b")] })
			: new Uint8Array(0);
	return Uint8Array.of(...first, ...announce);
}

function replies(version: LiteVersion): Uint8Array {
	if (version.subscribeReply === "start-end-drop") {
		return Uint8Array.of(
			...encodeSubscribeReply({ reply: "start", group: 3 }, version),
			...encodeSubscribeReply({ reply: "drop", start: 4, end: 5, code: 2 }, version),
			...encodeSubscribeReply({ reply: "end", group: 6 }, version),
		);
	}
	return encodeSubscribeReply({ reply: "ok", ...REQUEST }, version);
}

/** One to four changes: a byte, a cut, bytes put in, or a length blown up. */
function mutated(healthy: Uint8Array): fc.Arbitrary<Uint8Array> {
	const change = fc.oneof(
		fc.record({ kind: fc.constant("set" as const), at: fc.nat(healthy.length), value: fc.nat(255) }),
		fc.record({ kind: fc.constant("cut" as const), at: fc.nat(healthy.length), value: fc.nat(255) }),
		fc.record({ kind: fc.constant("insert" as const), at: fc.nat(healthy.length), value: fc.nat(255) }),
		fc.record({ kind: fc.constant("blow" as const), at: fc.nat(healthy.length), value: fc.nat(255) }),
	);
	return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
		let mutant = [...healthy];
		for (const { kind, at, value } of changes) {
			if (kind === "set" && at < mutant.length) mutant[at] = value;
			if (kind === "cut") mutant = mutant.slice(0, at);
			if (kind === "insert") mutant.splice(at, 0, value, value >> 1);
			if (kind === "blow") mutant.splice(at, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, value);
		}
		return Uint8Array.from(mutant);
	});
}
