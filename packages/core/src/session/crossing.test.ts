import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SeededRandom } from "@moq-relay/testkit";
import type { LocalTrack } from "../model/local-track.ts";
import { assertEmpty, publish, type Seen, VERSIONS, World, watch } from "./fixture.test.ts";

for (const [publisherName, publisherVersion] of VERSIONS) {
	for (const [viewerName, viewerVersion] of VERSIONS) {
		test(`Session carries tracks from ${publisherName} to ${viewerName}, byte for byte`, () => {
			const world = new World(7);
			const random = new SeededRandom(11);
			const publisher = world.join({ version: publisherVersion });
			const viewer = world.join({ version: viewerVersion });
			const { broadcast, announcement } = publish(publisher.origin, "room/cam.hang");
			const tracks = ["video", "audio", "data"].map((name) => broadcast.track(name, { timescale: 90_000 }));
			world.run(100);
			const seen = tracks.map((track) => watch(viewer.origin, { path: "room/cam.hang", track: track.name }));
			world.run(100);
			const sent = tracks.map(() => new Map<number, string>());
			for (let round = 0; round < 24; round++) {
				for (const [at, track] of tracks.entries()) sent[at]?.set(...sendGroup(track, random, round));
				world.run(1 + random.below(40));
			}
			const aborted = tracks[0]?.group();
			aborted?.frame({ timestamp: 1, payload: new Uint8Array(10) });
			world.run(10);
			aborted?.abort(77);
			const late = watch(world.relay, { path: "room/cam.hang", track: "data" });
			world.run(5000);
			for (const [at, expected] of sent.entries()) {
				assert.deepEqual(hashes(seen[at] as Seen), expected, tracks[at]?.name ?? "");
			}
			assert.equal(seen[0]?.groups.get(24)?.state, 77, "an aborted group is aborted with its code");
			assert.deepEqual([...late.groups.keys()], [23], "who comes late gets the latest group");
			for (const track of tracks) track.end();
			world.run(10_000);
			for (const { ended, error } of seen) {
				assert.ok(ended !== undefined, `ended with ${error}`);
			}
			announcement.close();
			world.run(10_000);
			assert.equal(viewer.origin.broadcast("room/cam.hang"), undefined);
			publisher.session.close(0, "bye");
			viewer.session.close(0, "bye");
			world.run(10_000);
			for (const side of [publisher, publisher.relay, viewer, viewer.relay]) {
				assert.equal(side.log.ends.length, 1);
				assertEmpty(side);
			}
			assert.ok(world.relay.isEmpty);
		});
	}
}

function sendGroup(track: LocalTrack, random: SeededRandom, round: number): [number, string] {
	const group = track.group();
	const hash = createHash("sha256");
	const count = 1 + random.below(30);
	for (let i = 0; i < count; i++) {
		const size = random.chance(0.1) ? random.below(200_000) : random.below(2000);
		const payload = new Uint8Array(random.chance(0.05) ? 0 : size).fill(round + i);
		hash.update(`${payload.length}:`).update(payload);
		group.frame({ timestamp: round * 90_000 + i * 3000, payload });
	}
	group.finish();
	return [group.sequence, hash.digest("hex")];
}

function hashes(seen: Seen): Map<number, string> {
	const all = new Map<number, string>();
	for (const [sequence, { frames, state }] of [...seen.groups].toSorted(([a], [b]) => a - b)) {
		if (state !== "ended") continue;
		const hash = createHash("sha256");
		for (const payload of frames) hash.update(`${payload.length}:`).update(payload);
		all.set(sequence, hash.digest("hex"));
	}
	return all;
}
