import assert from "node:assert/strict";
import { test } from "node:test";
import { drawNodes } from "./node-tree.ts";
import { parseNodesReport } from "./nodes-report.ts";

function drawn(answer: object): readonly string[] {
	const report = parseNodesReport(JSON.stringify(answer));
	assert.ok(report !== undefined);
	return drawNodes(report);
}

function link(direction: "in" | "out", more: object = {}): object {
	return { id: 1, direction, transport: "webtransport", version: "moq-lite-05", rtt_ms: 1.25, ...more };
}

test("drawNodes() draws relays under their parents, with round trips, links, routes and copies", () => {
	const lines = drawn({
		self: { node: "https://eu/", broadcasts: 4 },
		nodes: [
			{
				node: "https://origin/",
				routes: 3,
				connections: [link("out", { subscriptions_in: 2 }), link("out", { rtt_ms: 2 })],
			},
			{ node: "https://eu/", role: "regional", parent: "https://origin/", connections: [] },
			{
				node: "https://us/",
				role: "regional",
				parent: "https://origin/",
				announced: { hop_count: 1 },
				connections: [],
			},
			{
				node: "https://london/",
				role: "edge",
				parent: "https://eu/",
				routes: 1,
				connections: [link("in", { subscriptions_out: 2 })],
			},
			{ node: "https://paris/", role: "edge", parent: "https://eu/", connections: [link("in")] },
		],
	});
	assert.deepEqual(lines, [
		"https://origin/ · rtt 1.3 ms · 2 links (out, webtransport, moq-lite-05) · 3 routes · copies 2 in",
		"├─ https://eu/ (this relay) · 4 broadcasts · regional",
		"│  ├─ https://london/ · edge · rtt 1.3 ms · 1 link (in, webtransport, moq-lite-05) · 1 route · copies 2 out",
		"│  └─ https://paris/ · edge · rtt 1.3 ms · 1 link (in, webtransport, moq-lite-05)",
		"└─ https://us/ · regional · 1 hop away",
	]);
});

test("drawNodes() finds a root that has no name of its own among the parents of those that dialled it", () => {
	const lines = drawn({
		self: { broadcasts: 1 },
		nodes: [{ node: "https://eu/", role: "regional", parent: "https://origin/", connections: [link("in")] }],
	});
	assert.match(lines[0] ?? "", /^https:\/\/origin\/ \(this relay\) · 1 broadcast$/);
	assert.match(lines[1] ?? "", /^└─ https:\/\/eu\//);
});

test("drawNodes() lists relays that stand in no tree, and those whose parents go in a circle", () => {
	const mesh = drawn({ nodes: [{ node: "https://b/", connections: [link("out", { rtt_ms: 0 })] }] });
	assert.deepEqual(mesh, ["this relay", "https://b/ · 1 link (out, webtransport, moq-lite-05)"]);
	const circle = drawn({
		self: { node: "https://me/" },
		nodes: [
			{ node: "https://a/", parent: "https://b/" },
			{ node: "https://b/", parent: "https://a/" },
		],
	});
	assert.deepEqual(circle, ["https://me/ (this relay)", "https://a/", "└─ https://b/"]);
});

test("drawNodes() draws what the reference relay answers, which knows of no tree", () => {
	const lines = drawn({
		nodes: [{ node: "https://b/", origin_id: "5", announced: { hops: ["5"], hop_count: 1, cost: 1 } }],
	});
	assert.deepEqual(lines, ["this relay", "https://b/ · 1 hop away"]);
});

test("parseNodesReport() refuses what is no list of relays, and shows no control characters", () => {
	for (const text of ["", "<h1>moq-relay</h1>", "[]", "{}", '{"nodes":5}', "null"]) {
		assert.equal(parseNodesReport(text), undefined, text);
	}
	const report = parseNodesReport('{"nodes":[{"node":"https://a/\\u001b[2J"},7]}');
	assert.deepEqual(report?.nodes[0]?.node, "https://a/\\u001b[2J");
	assert.equal(report.nodes.length, 1);
});
