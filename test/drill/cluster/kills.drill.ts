/** kill -9 of every kind of relay at random moments, again and again, and of none of them but its stillness. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SeededRandom } from "@moq-relay/testkit";
import { GuideTree } from "../../processes/guide-tree.ts";
import { LivePublisher } from "../../processes/live-publisher.ts";
import { LiveViewer } from "../../processes/live-viewer.ts";
import type { RelayNode } from "../../processes/relay-node.ts";
import { eventually, pause } from "../../rust/eventually.ts";
import { percentile, sized } from "../scale.ts";

const KILLS = sized(20, 2);
const SEED = Number(process.env["MOQ_DRILL_SEED"] ?? "1");
const EVERY_MS = 50;
/** Between one life and the next, and between recovery and the next death, in ms at most. */
const AWAY_MS_MAX = 1500;
/** From the moment when a killed relay answers again until every viewer sees live groups, in ms. */
const BACK_MS = 10_000;

interface Scene extends AsyncDisposable {
	readonly tree: GuideTree;
	readonly publisher: LivePublisher;
	readonly viewers: readonly LiveViewer[];
}

async function stage(at: (tree: GuideTree) => RelayNode): Promise<Scene> {
	const tree = await GuideTree.start({ regionals: 2, edges: 4 });
	const stack = new AsyncDisposableStack();
	stack.use(tree);
	await tree.formed();
	const url = await tree.folder.url(at(tree), "/demo", { publish: ["demo"], subscribe: [] });
	const publisher = stack.use(new LivePublisher({ url, broadcast: "cam", groupBytes: 2000, everyMs: EVERY_MS }));
	const viewers = tree.edges.map((edge) => stack.use(new LiveViewer(new URL("/demo", edge.url), "cam")));
	await Promise.all(viewers.map((viewer) => viewer.counts(3)));
	return { tree, publisher, viewers, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Every viewer sees something that is yet to be written; how long that took, in ms. */
async function live({ publisher, viewers }: Scene): Promise<number> {
	const next = publisher.written;
	const begunMs = performance.now();
	const all = Promise.all(viewers.map((viewer) => viewer.reaches(next)));
	const late = pause(BACK_MS * 3).then(() =>
		assert.fail(
			`no live groups: ${viewers.map(({ log, newest }) => `${newest} of ${publisher.written}: ${log.slice(-4).join("; ")}`).join(" | ")}`,
		),
	);
	await Promise.race([all, late]);
	return performance.now() - begunMs;
}

/** Nobody who is gone is shown, and everybody who is there is. */
async function withoutGhosts({ tree, viewers }: Scene): Promise<void> {
	for (const viewer of viewers) await eventually(() => assert.deepEqual(viewer.announced, ["cam"]));
	await tree.formed();
}

async function kills(
	t: TestContext,
	pick: (tree: GuideTree) => readonly RelayNode[],
	at: (tree: GuideTree) => RelayNode,
): Promise<void> {
	await using scene = await stage(at);
	const { tree, viewers } = scene;
	const random = new SeededRandom(SEED);
	const [back, whole, waits]: [number[], number[], number[]] = [[], [], []];
	for (let kill = 0; kill < KILLS; kill++) {
		const victims = pick(tree);
		const victim = victims[Math.floor(random.next() * victims.length)] as RelayNode;
		await pause(random.next() * AWAY_MS_MAX);
		for (const viewer of viewers) viewer.resetGap();
		await victim.stop("SIGKILL");
		await pause(random.next() * AWAY_MS_MAX);
		await victim.start();
		back.push(await live(scene));
		waits.push(Math.max(...viewers.map(({ gapMs }) => gapMs)));
		const begunMs = performance.now();
		await withoutGhosts(scene);
		whole.push(performance.now() - begunMs);
	}
	for (const { faults } of viewers) assert.deepEqual(faults, []);
	const shown = (values: readonly number[]): string =>
		`${percentile(values, 50).toFixed(0)} / ${Math.max(...values).toFixed(0)} ms`;
	t.diagnostic(
		`seed ${SEED}, ${KILLS} kills, p50 / most: live after the restart ${shown(back)}; longest wait of a viewer, the time away included ${shown(waits)}; the tree as it was ${shown(whole)} after that; missing groups ${viewers.map(({ missing }) => missing).join(", ")}`,
	);
	assert.ok(Math.max(...back) < BACK_MS, `live groups after ${Math.max(...back).toFixed(0)} ms`);
}

test("drill: kill -9 of the origin, where the publisher is", async (t) => {
	await kills(
		t,
		({ origin }) => [origin],
		({ origin }) => origin,
	);
});

test("drill: kill -9 of regionals", async (t) => {
	await kills(
		t,
		({ regionals }) => regionals,
		({ origin }) => origin,
	);
});

test("drill: kill -9 of edges", async (t) => {
	await kills(
		t,
		({ edges }) => edges,
		({ origin }) => origin,
	);
});

test("drill: kill -9 of the root, with the publisher at an edge", async (t) => {
	await kills(
		t,
		({ origin }) => [origin],
		({ edges }) => edges[0] as RelayNode,
	);
});

test("drill: a relay that stands still is left, and comes back without a stir", async (t) => {
	await using scene = await stage(({ origin }) => origin);
	const { tree, viewers } = scene;
	const [victim] = tree.regionals as [RelayNode];
	for (const viewer of viewers) viewer.resetGap();
	victim.signal("SIGSTOP");
	const begunMs = performance.now();
	await live(scene);
	const leftMs = performance.now() - begunMs;
	await pause(sized(20_000, 3000) - leftMs);
	const gapMs = Math.max(...viewers.map((viewer) => viewer.gapMs));
	for (const viewer of viewers) viewer.resetGap();
	victim.signal("SIGCONT");
	const aliveMs = performance.now();
	await withoutGhosts(scene);
	await live(scene);
	t.diagnostic(
		`stopped: a viewer waited ${gapMs.toFixed(0)} ms at most; continued: a tree again after ${(performance.now() - aliveMs).toFixed(0)} ms, meanwhile a viewer waited ${Math.max(...viewers.map((viewer) => viewer.gapMs)).toFixed(0)} ms at most; missing groups ${viewers.map(({ missing }) => missing).join(", ")}`,
	);
	for (const { faults } of viewers) assert.deepEqual(faults, []);
	assert.ok(gapMs < 3000, `a viewer waited ${gapMs.toFixed(0)} ms`);
});
