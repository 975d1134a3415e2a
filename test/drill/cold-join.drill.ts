/** How long the first viewer of a track waits whose relay, and the one behind it, do not have it yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, LocalBroadcast, Origin, readGroup } from "@moq-relay/core";
import { Site } from "../redundancy/site.ts";
import { eventually } from "../rust/eventually.ts";
import { sized } from "./scale.ts";

const JOINS = sized(200, 20);
const MEDIAN_MS_MAX = 60;

test("drill: a join through two cold hops", async (t) => {
	await using site = await Site.create();
	const origin = await site.relay();
	const regional = await site.relay([origin]);
	const edge = await site.relay([regional]);
	const broadcast = new LocalBroadcast();
	for (let at = 0; at < JOINS; at++) {
		const group = broadcast.track(`track ${at}`).group();
		group.frame({ timestamp: 0, payload: new Uint8Array(1000) });
	}
	const publisher = new Origin({ clock: systemClock, id: 77 });
	publisher.announce("live", { hops: [], cost: 0 }, broadcast);
	const viewer = new Origin({ clock: systemClock, id: 78 });
	const links = [link(publisher, origin.url("/")), link(viewer, edge.url("/"))];
	try {
		await eventually(() => assert.ok(viewer.broadcast("live") !== undefined));
		const times: number[] = [];
		for (let at = 0; at < JOINS; at++) times.push(await joinMs(viewer, `track ${at}`));
		times.sort((a, b) => a - b);
		const [median = 0, late = 0] = [times[JOINS >> 1], times[Math.floor(JOINS * 0.99)]];
		t.diagnostic(`${JOINS} joins: p50 ${median.toFixed(1)} ms, p99 ${late.toFixed(1)} ms to the first frame`);
		assert.ok(median <= MEDIAN_MS_MAX);
	} finally {
		for (const one of links) one.close();
	}
});

function link(origin: Origin, url: URL): Link {
	return new Link({
		urls: [url],
		origin,
		grant: { ...GRANT_ALL, cluster: false },
		dial: (to, signal) => dial(to, { signal }),
		sink: { onUp: () => {}, onDown: () => {} },
	});
}

/** From the subscription to its first frame. */
function joinMs(viewer: Origin, track: string): Promise<number> {
	const began = performance.now();
	const request = { priority: 1, ordered: false, latencyMs: 5000, startGroup: undefined, endGroup: undefined };
	return new Promise((resolve, reject) => {
		const ignored = { onInfo: () => {}, onDatagram: () => {}, onDropped: () => {}, onEnd: () => {} };
		viewer.broadcast("live")?.subscribe(track, request, {
			...ignored,
			onGroup: (group) => {
				readGroup(group, { onFrame: () => resolve(performance.now() - began), onEnd: () => {}, onAbort: () => {} });
			},
			onError: (code) => reject(new Error(`code ${code}`)),
		});
	});
}
