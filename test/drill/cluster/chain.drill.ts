/** Chains and rings of relays in today's form of the configuration: latency by hop, cold joins, and no announcement too many. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LivePublisher } from "../../processes/live-publisher.ts";
import { LiveViewer } from "../../processes/live-viewer.ts";
import { plainNode } from "../../processes/plain-node.ts";
import type { RelayNode } from "../../processes/relay-node.ts";
import { eventually, pause } from "../../rust/eventually.ts";
import { percentile, sized } from "../scale.ts";

const LENGTH_MAX = 6;
const SECONDS = sized(20, 3);
const JOINS = sized(40, 5);
const EVERY_MS = 20;
/** A link is lost, or stands again. */
const LINK = /"cluster\.(up|down)"/;

/** Relays that each dial the one before. */
async function chain(stack: AsyncDisposableStack, length: number): Promise<readonly RelayNode[]> {
	const nodes: RelayNode[] = [];
	for (let at = 0; at < length; at++) {
		const node = stack.use(await plainNode(`relay ${at + 1}`, at === 0 ? [] : [(nodes[at - 1] as RelayNode).url]));
		await node.start();
		nodes.push(node);
	}
	return nodes;
}

/** Least squares over (1, values[0]), (2, values[1]) and so on. */
function slope(values: readonly number[]): number {
	const middle = (values.length + 1) / 2;
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	const covariance = values.reduce((sum, value, at) => sum + (at + 1 - middle) * (value - mean), 0);
	return covariance / values.reduce((sum, _, at) => sum + (at + 1 - middle) ** 2, 0);
}

test("drill: a chain of one to six relays delivers, and each hop adds little", async (t) => {
	await using stack = new AsyncDisposableStack();
	const nodes = await chain(stack, LENGTH_MAX);
	const [first] = nodes as [RelayNode];
	const publisher = stack.use(
		new LivePublisher({ url: new URL("/", first.url), broadcast: "cam", groupBytes: 4000, everyMs: EVERY_MS }),
	);
	const [p50, p99]: [number[], number[]] = [[], []];
	for (const node of nodes) {
		using viewer = new LiveViewer(new URL("/", node.url), "cam");
		await viewer.counts(20);
		viewer.ages = [];
		await viewer.reaches(publisher.written + (SECONDS * 1000) / EVERY_MS);
		assert.deepEqual(viewer.faults, []);
		p50.push(percentile(viewer.ages, 50));
		p99.push(percentile(viewer.ages, 99));
	}
	const shown = (values: readonly number[]): string => values.map((value) => value.toFixed(2)).join(" ");
	t.diagnostic(`age of groups after 1 to ${LENGTH_MAX} relays in ms: p50 ${shown(p50)}; p99 ${shown(p99)}`);
	t.diagnostic(`each hop adds: p50 ${slope(p50).toFixed(2)} ms, p99 ${slope(p99).toFixed(2)} ms`);
});

test("drill: a join through two cold hops", async (t) => {
	await using stack = new AsyncDisposableStack();
	const nodes = await chain(stack, 3);
	const [first, , last] = nodes as [RelayNode, RelayNode, RelayNode];
	const names = Array.from({ length: JOINS + 1 }, (_, at) => `cam${at}`);
	for (const broadcast of names) {
		const publisher = stack.use(new LivePublisher({ url: new URL("/", first.url), broadcast, groupBytes: 4000 }));
		publisher.write();
	}
	const times: number[] = [];
	for (const broadcast of names) {
		const begunMs = performance.now();
		using viewer = new LiveViewer(new URL("/", last.url), broadcast);
		await viewer.counts(1);
		times.push(performance.now() - begunMs);
		assert.deepEqual(viewer.faults, []);
	}
	// The first one loads code on both sides.
	const warm = times.slice(1);
	t.diagnostic(
		`from the dial to the first whole group, ${JOINS} joins: p50 ${percentile(warm, 50).toFixed(1)} ms, p99 ${percentile(warm, 99).toFixed(1)} ms`,
	);
});

for (const corners of [3, 4]) {
	test(`drill: a ring of ${corners} announces nothing twice, and each loss changes a route once`, async (t) => {
		await using stack = new AsyncDisposableStack();
		const nodes = [...(await chain(stack, corners - 1))];
		const [first] = nodes as [RelayNode];
		const closing = stack.use(await plainNode(`relay ${corners}`, [(nodes.at(-1) as RelayNode).url, first.url]));
		await closing.start();
		nodes.push(closing);
		await eventually(async () => {
			const links = await Promise.all(nodes.map((node) => node.metric("moq_cluster_peers")));
			assert.equal(
				links.reduce((sum, count) => sum + count, 0),
				corners,
			);
		});
		const publisher = stack.use(
			new LivePublisher({ url: new URL("/", first.url), broadcast: "cam", groupBytes: 1000, everyMs: 500 }),
		);
		const viewers = nodes.map((node) => stack.use(new LiveViewer(new URL("/", node.url), "cam")));
		await Promise.all(viewers.map((viewer) => viewer.counts(2)));
		const count = async (): Promise<readonly number[]> => {
			const running = nodes.filter(({ isRunning }) => isRunning);
			return Promise.all(running.map((node) => node.metric("moq_cluster_route_changes_total")));
		};
		const linesBefore = nodes.map(({ log }) => log.length);
		const before = await count();
		const seconds = sized(600, 5);
		await pause(seconds * 1000);
		const changes = (await count()).map((value, at) => value - (before[at] ?? 0));
		// On a busy machine a link may lose a silent moment and come back; each of these two is an event.
		const events = nodes.flatMap(({ log }, at) => log.slice(linesBefore[at]).filter((line) => LINK.test(line)));
		assert.ok(Math.max(...changes) <= events.length, `changes ${changes.join()} with ${events.length} events of links`);
		assert.deepEqual(
			viewers.map(({ appearances }) => appearances),
			nodes.map(() => 1),
		);
		assert.deepEqual(
			viewers.flatMap(({ faults }) => faults),
			[],
		);
		t.diagnostic(
			`${seconds} s: every viewer was told of the broadcast once; ${events.length} events of links, route changes by relay ${changes.join()}`,
		);
		// Of the first one's two neighbours, that which the relay on the far side takes its media from goes, and comes back.
		const [, near, far] = nodes as [RelayNode, RelayNode, RelayNode];
		const viaNear = (await far.nodes())
			.find(({ node }) => node === near.url)
			?.connections.some(({ bytes_in }) => bytes_in > 0);
		const lost = corners === 3 || viaNear === true ? near : closing;
		const moves: string[] = [];
		for (const act of [() => lost.stop("SIGKILL"), () => lost.start()]) {
			const earlier = new Map(
				await Promise.all(
					nodes.map(
						async (node) => [node, node.isRunning ? await node.metric("moq_cluster_route_changes_total") : 0] as const,
					),
				),
			);
			await act();
			await pause(4000);
			await Promise.all(
				viewers.filter((_, at) => nodes[at] !== lost).map((viewer) => viewer.reaches(publisher.written)),
			);
			for (const node of nodes.filter((one) => one !== lost)) {
				const changed = (await node.metric("moq_cluster_route_changes_total")) - (earlier.get(node) ?? 0);
				assert.ok(changed <= 1, `${node.plan.name} changed a route ${changed} times`);
				moves.push(String(changed));
			}
		}
		t.diagnostic(`route changes of the others when ${lost.plan.name} is killed, and when it returns: ${moves.join()}`);
		assert.deepEqual(
			viewers.flatMap(({ faults }) => faults),
			[],
		);
	});
}
