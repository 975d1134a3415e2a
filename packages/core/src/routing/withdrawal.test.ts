/** What viewers are told when a way to a broadcast is withdrawn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingViewer, ScriptedSource, VirtualClock } from "@moq-relay/testkit";
import { Code } from "@moq-relay/wire";
import { BROADCAST_LINGER_MS, WITHDRAWN_MS } from "../model/limits.ts";
import { Origin } from "./origin.ts";

const REQUEST = { priority: 1, ordered: false, latencyMs: 1000, startGroup: undefined, endGroup: undefined };

function withdrawn(hops: readonly number[]): {
	readonly viewer: RecordingViewer;
	readonly source: ScriptedSource;
	readonly clock: VirtualClock;
} {
	const clock = new VirtualClock();
	const origin = new Origin({ clock, id: 1 });
	const source = new ScriptedSource();
	const announcement = origin.announce("a", { hops, cost: 1 }, source);
	assert.ok(typeof announcement === "object");
	const viewer = new RecordingViewer();
	origin.broadcast("a")?.subscribe("t", REQUEST, viewer);
	announcement.close();
	clock.run(WITHDRAWN_MS + 1);
	return { viewer, source, clock };
}

test("Origin tells viewers of an end when the publisher unannounces and breaks off, of a loss when a relay does", () => {
	for (const [hops, last] of [
		[[7], "end undefined"],
		[[7, 8], `error ${Code.Dropped}`],
	] as const) {
		const { viewer, source, clock } = withdrawn(hops);
		source.fail("t", Code.Dropped);
		clock.runUntilIdle();
		assert.match(viewer.last, new RegExp(`^${last.split(" ")[0]}`));
		if (hops.length > 1) assert.equal(viewer.last, last);
	}
});

test("Origin passes on the end of a track whose broadcast a relay withdrew, but makes none up", () => {
	const ended = withdrawn([7, 8]);
	ended.source.end("t", 3);
	assert.match(ended.viewer.last, /^end/);
	const forgotten = withdrawn([7, 8]);
	forgotten.clock.run(forgotten.clock.nowMs() + BROADCAST_LINGER_MS);
	assert.equal(forgotten.viewer.last, `error ${Code.Dropped}`);
});
