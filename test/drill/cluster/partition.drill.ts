/** The guide's cluster in network namespaces: links that lose what goes one way or both ways, and heal. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { GuideTree } from "../../processes/guide-tree.ts";
import { LivePublisher } from "../../processes/live-publisher.ts";
import { LiveViewer } from "../../processes/live-viewer.ts";
import { Namespaces } from "../../processes/namespaces.ts";
import type { RelayNode } from "../../processes/relay-node.ts";
import { pause } from "../../rust/eventually.ts";
import { sized } from "../scale.ts";

const LENGTHS_MS: readonly number[] = [sized(5000, 3000), sized(30_000, 5000)];
const REGIONALS = 2;
const EDGES = 4;
const PORT = 4443;
const OPERATORS_PORT = 9101;
/** From the heal until every viewer sees live groups again, in ms. */
const CONVERGED_MS = 5000;

interface Scene extends AsyncDisposable {
	readonly net: Namespaces;
	readonly tree: GuideTree;
	readonly publisher: LivePublisher;
	readonly viewers: readonly LiveViewer[];
}

async function stage(): Promise<Scene> {
	const stack = new AsyncDisposableStack();
	try {
		const net = stack.use(new Namespaces());
		const hosts = Array.from({ length: 1 + REGIONALS + EDGES }, (_, at) => net.host(at));
		let seats = 0;
		const seat = () => ({ namespace: net.add(), host: net.host(seats++), port: PORT, internalPort: OPERATORS_PORT });
		const tree = stack.use(await GuideTree.start({ regionals: REGIONALS, edges: EDGES, seat, hosts }));
		await tree.formed();
		const url = await tree.folder.url(tree.origin, "/demo", { publish: ["demo"], subscribe: [] });
		const publisher = stack.use(new LivePublisher({ url, broadcast: "cam", groupBytes: 2000, everyMs: 50 }));
		const viewers = tree.edges.map((edge) => stack.use(new LiveViewer(new URL("/demo", edge.url), "cam")));
		await Promise.all(viewers.map((viewer) => viewer.counts(3)));
		return { net, tree, publisher, viewers, [Symbol.asyncDispose]: () => stack.disposeAsync() };
	} catch (error) {
		await stack.disposeAsync();
		throw error;
	}
}

async function live({ publisher, viewers }: Scene): Promise<number> {
	const next = publisher.written;
	const begunMs = performance.now();
	await Promise.all(viewers.map((viewer) => viewer.reaches(next)));
	return performance.now() - begunMs;
}

/** Lose what goes over these ways for each of the lengths, and look at what viewers notice. */
async function partitions(
	t: TestContext,
	ways: (tree: GuideTree) => readonly (readonly [RelayNode, RelayNode])[],
): Promise<void> {
	await using scene = await stage();
	const { net, tree, viewers } = scene;
	for (const lengthMs of LENGTHS_MS) {
		for (const viewer of viewers) viewer.resetGap();
		for (const [from, to] of ways(tree)) net.lose(from.plan.host, to.plan.host);
		await pause(lengthMs);
		const cutMs = viewers.map(({ gapMs, lastMs }) => Math.max(gapMs, performance.now() - lastMs));
		net.heal();
		const healedMs = await live(scene);
		await tree.formed();
		t.diagnostic(
			`${lengthMs / 1000} s: viewers waited ${cutMs.map((ms) => ms.toFixed(0)).join(", ")} ms at most; healed: live after ${healedMs.toFixed(0)} ms; missing groups ${viewers.map(({ missing }) => missing).join(", ")}`,
		);
		assert.ok(healedMs < CONVERGED_MS, `live groups ${healedMs.toFixed(0)} ms after the heal`);
		for (const { faults, announced } of viewers) assert.deepEqual([faults, announced], [[], ["cam"]]);
	}
}

/** A regional with its first child, as the tree stands. */
async function parentAndChild(tree: GuideTree): Promise<readonly [RelayNode, RelayNode]> {
	const [edge] = tree.edges as [RelayNode];
	const parent = (await edge.nodes()).find(({ node }) => node === edge.url)?.parent;
	const regional = tree.regionals.find(({ url }) => url === parent);
	assert.ok(regional !== undefined, "the edge has no regional");
	return [regional, edge];
}

test("drill: what the origin sends to a regional is lost, then what the regional sends", async (t) => {
	await partitions(t, ({ origin, regionals }) => [[origin, regionals[0] as RelayNode]]);
	await partitions(t, ({ origin, regionals }) => [[regionals[0] as RelayNode, origin]]);
});

test("drill: a regional is cut off from the origin, both ways", async (t) => {
	await partitions(t, ({ origin, regionals: [one] }) => [
		[origin, one as RelayNode],
		[one as RelayNode, origin],
	]);
});

test("drill: a regional is cut off from everybody", async (t) => {
	await partitions(t, ({ all, regionals: [one] }) => {
		return all.flatMap((other) =>
			other === one ? [] : [[one as RelayNode, other] as const, [other, one as RelayNode] as const],
		);
	});
});

test("drill: an edge hears its parent no more, then its parent does not hear it", async (t) => {
	await using scene = await stage();
	const { net, tree, viewers } = scene;
	for (const isDeaf of [true, false]) {
		const [regional, edge] = await parentAndChild(tree);
		for (const viewer of viewers) viewer.resetGap();
		const [from, to] = isDeaf ? [regional, edge] : [edge, regional];
		net.lose(from.plan.host, to.plan.host);
		await pause(sized(10_000, 5000));
		const gapMs = Math.max(...viewers.map((viewer) => Math.max(viewer.gapMs, performance.now() - viewer.lastMs)));
		t.diagnostic(`${isDeaf ? "deaf" : "mute"}: viewers waited ${gapMs.toFixed(0)} ms at most while it lasted`);
		net.heal();
		await live(scene);
		await tree.formed();
		assert.ok(gapMs < 3000, `a viewer waited ${gapMs.toFixed(0)} ms`);
		for (const { faults, announced } of viewers) assert.deepEqual([faults, announced], [[], ["cam"]]);
	}
});
