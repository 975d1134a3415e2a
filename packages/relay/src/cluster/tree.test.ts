/** The guide's relays as a tree: one copy on each link, and the loss of any one of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalTrack } from "@moq-relay/core";
import { GuideCluster } from "../testing/guide-cluster.ts";
import type { StartedRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, type TestClient, Viewer, writeGroup } from "../testing/test-client.ts";
import { parsePlace } from "./board.ts";
import type { Place } from "./choose-parent.ts";
import { TREE_PREFIX } from "./internal-names.ts";

const GROUPS = 4;
const GROUP_BYTES = 50_000;

function portOf({ relay }: StartedRelay): number {
	return relay.addresses.quic[0]?.port ?? 0;
}

function urlOf(relay: StartedRelay, path: string): URL {
	return new URL(`https://127.0.0.1:${portOf(relay)}${path}`);
}

/** Resolves when the places that `relay` sees fit. */
function untilPlaced({ relay }: StartedRelay, fits: (places: ReadonlyMap<string, Place>) => boolean): Promise<void> {
	return new Promise((resolve) => {
		const look = (): void => {
			const lines = relay.origin.active(TREE_PREFIX).flatMap(({ path }) => parsePlace(path) ?? []);
			if (!fits(new Map(lines.map(({ node, place }) => [node, place])))) return;
			// Not from within an event of the watch that is to be closed.
			setImmediate(() => watch.close());
			resolve();
		};
		const watch = relay.origin.watch(TREE_PREFIX, {
			onStart: () => setImmediate(look),
			onActive: look,
			onRestart: look,
			onUpdate: look,
			onEnded: look,
		});
	});
}

function childrenOf(places: ReadonlyMap<string, Place>, parent: StartedRelay): number {
	return [...places.values()].filter((place) => place.parent === urlOf(parent, "/").href).length;
}

/** Bytes of media that a relay got from other relays. */
function bytesFromRelays({ relay }: StartedRelay): number {
	return [...relay.sessions.values()].reduce((sum, { session, start }) => {
		const isRelay = start.direction === "out" || session.grant?.cluster === true;
		return sum + (isRelay ? session.counters.bytesReceived : 0);
	}, 0);
}

/** Groups that a relay sent to other relays. */
function groupsToRelays({ relay }: StartedRelay): number {
	return [...relay.sessions.values()].reduce((sum, { session }) => {
		return sum + (session.grant?.cluster === true ? session.counters.groupsServed : 0);
	}, 0);
}

interface Stage extends AsyncDisposable {
	readonly cluster: GuideCluster;
	readonly origin: StartedRelay;
	readonly regionals: readonly StartedRelay[];
	readonly edges: readonly StartedRelay[];
	readonly viewers: readonly Viewer[];
	readonly track: LocalTrack;
}

/** One origin, two regionals, `edgeCount` edges with a viewer each, and a publisher at the origin. */
async function stage(edgeCount: number): Promise<Stage> {
	const cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	const regionals = await Promise.all([cluster.start("regional"), cluster.start("regional")]);
	await untilPlaced(origin, (places) => childrenOf(places, origin) === 2);
	const edges = await Promise.all(Array.from({ length: edgeCount }, () => cluster.start("edge")));
	await untilPlaced(origin, (places) => {
		return regionals.every((regional) => childrenOf(places, regional) === edgeCount / 2);
	});
	const clients: TestClient[] = [await connect(urlOf(origin, `/demo?jwt=${await cluster.token(["demo"], [])}`))];
	const track = publish(clients[0] as TestClient, "cam.hang", "video");
	const viewers = await Promise.all(
		edges.map(async (edge) => {
			const client = await connect(urlOf(edge, "/demo"));
			clients.push(client);
			return new Viewer(await announced(client, "cam.hang"), "video");
		}),
	);
	const dispose = async (): Promise<void> => {
		for (const { session } of clients) session.close(0, "");
		await cluster[Symbol.asyncDispose]();
	};
	return { cluster, origin, regionals, edges, viewers, track, [Symbol.asyncDispose]: dispose };
}

test("Tree carries one copy over each link, whoever watches where", async () => {
	await using scene = await stage(4);
	const { origin, regionals, edges, viewers, track } = scene;
	for (let at = 1; at <= GROUPS; at++) {
		writeGroup(track, [new Uint8Array(GROUP_BYTES).fill(at)]);
		await Promise.all(viewers.map((viewer) => viewer.until(at)));
	}
	const copy = GROUPS * GROUP_BYTES;
	for (const relay of [...regionals, ...edges]) {
		const bytes = bytesFromRelays(relay);
		assert.ok(bytes >= copy && bytes <= copy * 1.03, `${bytes} bytes for a copy of ${copy}`);
	}
	assert.equal(bytesFromRelays(origin), 0);
	assert.equal(groupsToRelays(origin), 2 * GROUPS);
	// An edge may have gone over to the other regional since they were counted: they are equally near.
	assert.equal(
		regionals.map(groupsToRelays).reduce((sum, groups) => sum + groups, 0),
		4 * GROUPS,
	);
	assert.deepEqual(edges.map(groupsToRelays), [0, 0, 0, 0]);
	for (const { groups, errors } of viewers) {
		assert.deepEqual(
			groups.map(({ sequence, aborted }) => [sequence, aborted]),
			viewers[0]?.groups.map(({ sequence }) => [sequence, undefined]),
		);
		assert.deepEqual(errors, []);
	}
});

test("Tree replaces a parent that ends, and viewers go on", async () => {
	await using scene = await stage(2);
	const { cluster, origin, regionals, viewers, track } = scene;
	writeGroup(track, [new Uint8Array(1000)]);
	await Promise.all(viewers.map((viewer) => viewer.until(1)));
	const [lost, left] = regionals;
	assert.ok(lost !== undefined && left !== undefined);
	await cluster.stop(lost);
	await untilPlaced(origin, (places) => childrenOf(places, left) === 2);
	writeGroup(track, [new Uint8Array(1000)]);
	for (const viewer of viewers) {
		const groups = await viewer.until(2);
		assert.deepEqual(
			groups.map(({ aborted }) => aborted),
			[undefined, undefined],
		);
		assert.equal(new Set(groups.map(({ sequence }) => sequence)).size, 2);
		assert.deepEqual(viewer.errors, []);
	}
});

test("Tree outlives its root, which finds everybody again and lets new ones join", async () => {
	await using cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	const port = portOf(origin);
	const regional = await cluster.start("regional");
	await untilPlaced(origin, (places) => childrenOf(places, origin) === 1);
	const [one, other] = await Promise.all([cluster.start("edge"), cluster.start("edge")]);
	await untilPlaced(origin, (places) => childrenOf(places, regional) === 2);
	const publisher = await connect(urlOf(one, `/demo?jwt=${await cluster.token(["demo"], [])}`));
	const track = publish(publisher, "cam.hang", "video");
	const client = await connect(urlOf(other, "/demo"));
	const viewer = new Viewer(await announced(client, "cam.hang"), "video");
	writeGroup(track, [new Uint8Array(1000)]);
	await viewer.until(1);
	await cluster.stop(origin);
	await Promise.all(
		[regional, one, other].map((relay) => relay.line(({ event, link }) => event === "cluster.down" && link === "root")),
	);
	writeGroup(track, [new Uint8Array(1000)]);
	await viewer.until(2);
	const back = await cluster.start("origin", port);
	await untilPlaced(back, (places) => places.size === 3 && childrenOf(places, regional) === 2);
	const late = await cluster.start("edge");
	await untilPlaced(back, (places) => childrenOf(places, regional) === 3);
	const lateClient = await connect(urlOf(late, "/demo"));
	const lateViewer = new Viewer(await announced(lateClient, "cam.hang"), "video");
	writeGroup(track, [new Uint8Array(1000)]);
	await Promise.all([viewer.until(3), lateViewer.until(1)]);
	assert.deepEqual([viewer.errors, lateViewer.errors], [[], []]);
	for (const { session } of [publisher, client, lateClient]) session.close(0, "");
});
