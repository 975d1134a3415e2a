/** The guide's three files as thirteen processes: one copy over each link, and the loss of the root and of a parent. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { GuideTree } from "../../processes/guide-tree.ts";
import { LivePublisher } from "../../processes/live-publisher.ts";
import { LiveViewer } from "../../processes/live-viewer.ts";
import type { RelayNode } from "../../processes/relay-node.ts";
import { pause } from "../../rust/eventually.ts";
import { sized } from "../scale.ts";

const REGIONALS = sized(3, 2);
const EDGES_EACH = sized(3, 2);
const GROUPS = sized(200, 20);
const GROUP_BYTES = 100_000;
const EVERY_MS = 100;
/** Until acknowledgements are through and counters tell of all of it, in ms. */
const SETTLED_MS = 2000;
/** Of what one copy is, headers of QUIC and announcements included. */
const SLACK = 0.03;

interface Pace {
	readonly groupBytes: number;
	readonly everyMs?: number;
}

/** Groups that come by themselves. */
const STEADY: Pace = { groupBytes: 2000, everyMs: EVERY_MS };

/** A tree with a viewer at each edge, and a publisher whose groups come by themselves. */
class Scene implements AsyncDisposable {
	readonly tree: GuideTree;
	readonly publisher: LivePublisher;
	readonly viewers: readonly LiveViewer[];

	constructor(tree: GuideTree, publisher: LivePublisher, viewers: readonly LiveViewer[]) {
		this.tree = tree;
		this.publisher = publisher;
		this.viewers = viewers;
	}

	/** `pace`: how the publisher at that relay writes; without `everyMs` it writes five groups and then waits. */
	static async start(t: TestContext, at: (tree: GuideTree) => RelayNode, pace: Pace): Promise<Scene> {
		const begunMs = performance.now();
		const tree = await GuideTree.start({ regionals: REGIONALS, edges: REGIONALS * EDGES_EACH });
		const answeringMs = performance.now();
		await tree.formed();
		const seconds = (ms: number): string => (ms / 1000).toFixed(1);
		t.diagnostic(
			`answering after ${seconds(answeringMs - begunMs)} s, a tree ${seconds(performance.now() - answeringMs)} s later`,
		);
		const url = await tree.folder.url(at(tree), "/demo", { publish: ["demo"], subscribe: [] });
		const publisher = new LivePublisher({ url, broadcast: "cam", ...pace });
		const viewers = tree.edges.map((edge) => new LiveViewer(new URL("/demo", edge.url), "cam"));
		for (let groups = 1; groups <= 5; groups++) {
			if (pace.everyMs === undefined) publisher.write();
			await Promise.all(viewers.map((viewer) => viewer.counts(groups)));
		}
		return new Scene(tree, publisher, viewers);
	}

	/** Every viewer sees something that is yet to be written. */
	async live(): Promise<void> {
		const next = this.publisher.written;
		await Promise.all(this.viewers.map((viewer) => viewer.reaches(next)));
	}

	check(): void {
		for (const { faults } of this.viewers) assert.deepEqual(faults, []);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const viewer of this.viewers) viewer[Symbol.dispose]();
		this.publisher[Symbol.dispose]();
		await this.tree[Symbol.asyncDispose]();
	}
}

interface Traffic {
	readonly mediaIn: number;
	readonly groupsOut: number;
	readonly bytesOut: number;
}

async function trafficOf(node: RelayNode): Promise<Traffic> {
	// What QUIC has sent is as of the question before.
	await node.metric("moq_bytes_total");
	await pause(EVERY_MS);
	const [mediaIn, groupsOut, bytesOut] = await Promise.all([
		node.metric("moq_bytes_total", 'direction="in"', 'scope="cluster"'),
		node.metric("moq_groups_total", 'direction="out"', 'scope="cluster"'),
		node.metric("moq_bytes_total", 'direction="out"', 'scope="cluster"'),
	]);
	return { mediaIn, groupsOut, bytesOut };
}

async function sentBy(publisher: LivePublisher): Promise<number> {
	void publisher.bytesSent;
	await pause(EVERY_MS);
	return publisher.bytesSent;
}

function near(value: number, wanted: number, what: string): void {
	assert.ok(Math.abs(value - wanted) <= SLACK, `${what}: ${value.toFixed(3)} copies instead of ${wanted}`);
}

test("drill: the guide's files form a tree that sends one copy over each link", async (t) => {
	await using scene = await Scene.start(t, ({ origin }) => origin, { groupBytes: GROUP_BYTES });
	const { tree, publisher, viewers } = scene;
	await pause(SETTLED_MS);
	const before = new Map(await Promise.all(tree.all.map(async (node) => [node, await trafficOf(node)] as const)));
	const groupsBefore = publisher.written;
	const sentBefore = await sentBy(publisher);
	for (let group = 0; group < GROUPS; group++) {
		publisher.write();
		await pause(EVERY_MS);
	}
	await Promise.all(viewers.map((viewer) => viewer.reaches(publisher.written - 1)));
	await pause(SETTLED_MS);
	const after = new Map(await Promise.all(tree.all.map(async (node) => [node, await trafficOf(node)] as const)));
	const sent = (await sentBy(publisher)) - sentBefore;
	const media = (publisher.written - groupsBefore) * GROUP_BYTES;
	const copies = (node: RelayNode, of: keyof Traffic, whole: number): number => {
		return ((after.get(node)?.[of] ?? 0) - (before.get(node)?.[of] ?? 0)) / whole;
	};
	const egress = [tree.origin, ...tree.regionals].map((node) => copies(node, "bytesOut", sent));
	t.diagnostic(
		`${publisher.written - groupsBefore} groups of ${GROUP_BYTES} bytes, ${sent} bytes sent by the publisher; egress to relays in copies of that: origin ${egress[0]?.toFixed(3)}, regionals ${egress
			.slice(1)
			.map((one) => one.toFixed(3))
			.join(", ")}`,
	);
	const ingress = [...tree.regionals, ...tree.edges].map((node) => copies(node, "mediaIn", media));
	t.diagnostic(
		`media from relays, in copies: ${Math.min(...ingress).toFixed(3)} to ${Math.max(...ingress).toFixed(3)}`,
	);
	near((egress[0] ?? 0) / REGIONALS, 1, "each link of the origin");
	for (const one of egress.slice(1)) near(one / EDGES_EACH, 1, "each link of a regional");
	for (const one of ingress) near(one, 1, "a relay's only source");
	for (const edge of tree.edges) assert.equal(after.get(edge)?.groupsOut, 0, `${edge.plan.name} feeds another relay`);
	scene.check();
});

test("drill: the root is lost: links and viewers stay, and new relays join when it is back", async (t) => {
	await using scene = await Scene.start(t, ({ edges }) => edges[0] as RelayNode, STEADY);
	const { tree, publisher, viewers } = scene;
	const [first] = tree.edges as [RelayNode];
	const parent = (await first.nodes()).find(({ node }) => node === first.url)?.parent;
	const places = await first.nodes();
	const siblings = tree.edges.flatMap((edge, at) => {
		return places.find(({ node }) => node === edge.url)?.parent === parent ? [viewers[at] as LiveViewer] : [];
	});
	for (const viewer of viewers) viewer.resetGap();
	await tree.origin.stop("SIGKILL");
	const lost = publisher.written;
	await pause(sized(20_000, 4000));
	assert.ok(
		siblings.every(({ newest }) => newest > lost),
		"viewers beside the publisher stand still",
	);
	const stayed = Math.max(...siblings.map(({ gapMs }) => gapMs));
	t.diagnostic(
		`root away: ${siblings.length} viewers under the publisher's regional waited ${stayed.toFixed(0)} ms at most`,
	);
	const late = await tree.folder.add("edge");
	await late.start();
	await tree.origin.start();
	const backMs = performance.now();
	await scene.live();
	t.diagnostic(
		`root back: all ${viewers.length} viewers see live groups after ${(performance.now() - backMs).toFixed(0)} ms`,
	);
	using lateViewer = new LiveViewer(new URL("/demo", late.url), "cam");
	await lateViewer.counts(1);
	t.diagnostic(
		`an edge that was started meanwhile shows live groups ${(performance.now() - backMs).toFixed(0)} ms after the root's return`,
	);
	scene.check();
	assert.deepEqual(lateViewer.faults, []);
	for (const { announced } of [...viewers, lateViewer]) assert.deepEqual(announced, ["cam"]);
	assert.ok(stayed < 1000, `viewers beside the publisher waited ${stayed} ms`);
});

test("drill: a parent dies and is replaced within a second", async (t) => {
	await using scene = await Scene.start(t, ({ origin }) => origin, STEADY);
	const { tree, viewers } = scene;
	for (const viewer of viewers) viewer.resetGap();
	const changes = async (): Promise<number[]> => {
		const running = tree.all.filter(({ isRunning }) => isRunning);
		return Promise.all(running.map((node) => node.metric("moq_cluster_route_changes_total")));
	};
	const [victim] = tree.regionals as [RelayNode];
	const orphans = (await tree.origin.nodes()).filter(({ parent }) => parent === victim.url).map(({ node }) => node);
	await victim.stop("SIGKILL");
	const killedMs = performance.now();
	await scene.live();
	await pause(3000);
	const gaps = viewers.map(({ gapMs }) => gapMs);
	t.diagnostic(
		`killed with ${orphans.length} children: live everywhere after ${(performance.now() - killedMs - 3000).toFixed(0)} ms; the longest wait of a viewer ${Math.max(...gaps).toFixed(0)} ms, missing groups ${viewers.map(({ missing }) => missing).join("")}`,
	);
	t.diagnostic(`route changes so far by relay: ${(await changes()).join()}`);
	await tree.formed();
	await victim.start();
	await tree.formed();
	await scene.live();
	scene.check();
	// Silence is noticed after 600 ms; the rest is a dial, on a machine that runs all thirteen.
	assert.ok(Math.max(...gaps) < 2000, `a viewer waited ${Math.max(...gaps).toFixed(0)} ms`);
});
