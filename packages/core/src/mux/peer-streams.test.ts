import assert from "node:assert/strict";
import { test } from "node:test";
import { Malformed } from "@moq-relay/wire";
import fc from "fast-check";
import { PeerStreams } from "./peer-streams.ts";

test("PeerStreams.see() is true for each stream exactly once, in whatever order they come", () => {
	fc.assert(
		fc.property(fc.array(fc.nat(30), { maxLength: 200 }), (indices) => {
			const streams = new PeerStreams(100);
			const seen = new Set<number>();
			for (const index of indices) {
				assert.equal(streams.see(index), !seen.has(index));
				seen.add(index);
			}
		}),
	);
});

test("PeerStreams keeps no more than the limit open, and moves it as streams end", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(500), (openMax, total) => {
			const streams = new PeerStreams(openMax);
			let limit = openMax;
			for (let index = 0; index < total; index++) {
				if (index === limit) assert.throws(() => streams.see(index), Malformed);
				else {
					assert.ok(streams.see(index));
					streams.close();
				}
				if (streams.updateDue) limit = streams.takeUpdate();
				assert.ok(limit >= index + 1 && limit <= index + 1 + openMax);
			}
		}),
	);
});
