import assert from "node:assert/strict";
import { test } from "node:test";
import { LITE_04, LITE_05, type LiteVersion } from "@moq-relay/wire";
import { World, watch } from "./fixture.test.ts";
import { LAST_GROUPS_MS, SESSION_LIMITS } from "./limits.ts";
import { hex, RawPeer } from "./raw-peer.test.ts";

const INFO = "08 00 00 5388 800f4240";
const OK = "00 05 64 00 00 00 00";

test("RequestedSubscription subscribes at once when the info was asked for a moment ago, and else asks first", () => {
	for (const isKnown of [true, false]) {
		const { world, peer } = publisher(LITE_05);
		if (isKnown) {
			world.relay.broadcast("a")?.info("t", () => {}, unexpected);
			world.run(10);
			peer.bidis[1]?.send.write(hex(INFO));
			world.run(10);
		}
		watch(world.relay, { path: "a", track: "t" });
		world.run(10);
		assert.equal(typeOf(peer, 1), TRACK);
		if (isKnown) assert.equal(typeOf(peer, 2), SUBSCRIBE, "with no TRACK of its own");
		else assert.equal(peer.bidis.length, 2);
	}
});

test("RequestedSubscription asks again for an info that it was told long ago", () => {
	const { world, peer } = publisher(LITE_05);
	world.relay.broadcast("a")?.info("t", () => {}, unexpected);
	world.run(10);
	peer.bidis[1]?.send.write(hex(INFO));
	world.run(60_000);
	watch(world.relay, { path: "a", track: "t" });
	world.run(10);
	assert.equal(typeOf(peer, 2), TRACK);
});

test("RequestedSubscription ends soon after a FIN that names no last group, and waits for groups that come late", () => {
	const { world, peer } = publisher(LITE_04);
	const seen = watch(world.relay, { path: "a", track: "t" });
	world.run(10);
	peer.bidis[1]?.send.write(hex(OK));
	peer.bidis[1]?.send.finish();
	for (const sequence of [0, 1]) {
		world.run(LAST_GROUPS_MS - 20);
		peer.uni(`00 02 00 0${sequence} 01 68`).send.finish();
		assert.equal(seen.ended, undefined);
	}
	world.run(LAST_GROUPS_MS + 20);
	assert.deepEqual(seen.ended, { finalGroup: 2 });
	assert.equal(seen.groups.size, 2);
});

test("RequestedSubscription waits for the group that END named for as long as limits.drainMs", () => {
	const { world, peer } = publisher(LITE_05);
	const seen = watch(world.relay, { path: "a", track: "t" });
	world.run(10);
	peer.bidis[1]?.send.write(hex(INFO));
	world.run(10);
	// END: no group from 2 on.
	peer.bidis[2]?.send.write(hex("01 01 02"));
	peer.bidis[2]?.send.finish();
	world.run(SESSION_LIMITS.drainMs - 20);
	assert.equal(seen.ended, undefined);
	peer.uni("00 02 00 01 02 01 68").send.finish();
	world.run(20);
	assert.deepEqual(seen.ended, { finalGroup: 2 });
});

/** A peer of the relay that has announced "a" on the first stream that was opened to it. */
function publisher(version: LiteVersion): { readonly world: World; readonly peer: RawPeer } {
	const world = new World();
	const [client, server] = world.pair({ version });
	world.serve(server);
	const peer = new RawPeer(client);
	if (version === LITE_05) peer.uni("01 01 00").send.finish();
	world.run(10);
	peer.bidis[0]?.send.write(hex(version === LITE_05 ? "02 09 01 04 01 01 61 00" : "05 01 01 61 01 09"));
	world.run(10);
	return { world, peer };
}

/** The type of a stream that the relay opened. */
function typeOf(peer: RawPeer, at: number): number | undefined {
	return peer.bidis[at]?.heard.bytes[0];
}

function unexpected(): void {
	assert.fail("refused");
}

const SUBSCRIBE = 2;
const TRACK = 6;
