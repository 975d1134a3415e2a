/** The production guide's three files as real processes: a tree, though all of them name the origin as root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GuideTree } from "./guide-tree.ts";
import { LivePublisher } from "./live-publisher.ts";
import { LiveViewer } from "./live-viewer.ts";

const GROUPS = 8;
const GROUP_BYTES = 100_000;

test("moq-relay forms the guide's tree 1, 2, 4 out of its files: one copy over each link, and no link between edges", async () => {
	await using tree = await GuideTree.start({ regionals: 2, edges: 4 });
	await tree.formed();
	using stack = new DisposableStack();
	const url = await tree.folder.url(tree.origin, "/demo", { publish: ["demo"], subscribe: [] });
	const publisher = stack.use(new LivePublisher({ url, broadcast: "cam", groupBytes: GROUP_BYTES }));
	const viewers = tree.edges.map((edge) => stack.use(new LiveViewer(new URL("/demo", edge.url), "cam")));
	for (let at = 1; at <= GROUPS; at++) {
		publisher.write();
		await Promise.all(viewers.map((viewer) => viewer.counts(at)));
	}
	const copy = GROUPS * GROUP_BYTES;
	for (const node of [...tree.regionals, ...tree.edges]) {
		const bytes = await node.metric("moq_bytes_total", 'direction="in"', 'scope="cluster"');
		assert.ok(bytes >= copy && bytes <= copy * 1.03, `${node.plan.name} took ${bytes} bytes for a copy of ${copy}`);
	}
	for (const [node, copies] of [
		[tree.origin, 2],
		...tree.regionals.map((regional) => [regional, 2] as const),
		...tree.edges.map((edge) => [edge, 0] as const),
	] as const) {
		const groups = await node.metric("moq_groups_total", 'direction="out"', 'scope="cluster"');
		assert.equal(groups, copies * GROUPS, `${node.plan.name} sent ${groups} groups to relays`);
	}
	assert.deepEqual(
		viewers.flatMap(({ faults }) => faults),
		[],
	);
});
