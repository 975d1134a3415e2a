/** The tree that relays choose, each from what it knows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { candidatesOf, type Place, pickParent, type Role, type TreeView } from "./choose-parent.ts";

const ROOT = "https://root/";
const NONE: ReadonlySet<string> = new Set();

function view(self: string, role: Role, more: Partial<TreeView> = {}): TreeView {
	return { self, role, root: ROOT, fanout: 16, places: new Map(), avoided: NONE, ...more };
}

function places(...lines: readonly (readonly [string, Role, string | undefined])[]): Map<string, Place> {
	return new Map(lines.map(([node, role, parent]) => [node, { role, parent }]));
}

const same = (): number => 1;

test("candidatesOf() sends regionals to the root, edges to regionals, and both to the root when there is nobody else", () => {
	const two = places(["a", "regional", ROOT], ["b", "regional", ROOT], ["e", "edge", "a"]);
	assert.deepEqual(candidatesOf(view("c", "regional", { places: two })), [ROOT]);
	assert.deepEqual(candidatesOf(view("f", "edge", { places: two })), ["a", "b"]);
	assert.deepEqual(candidatesOf(view("f", "edge")), [ROOT]);
	assert.deepEqual(candidatesOf(view("f", "edge", { places: places(["e", "edge", ROOT]) })), [ROOT]);
});

test("candidatesOf() keeps the root at its fanout: regionals go before edges, and the last by name elsewhere", () => {
	const full = places(["a", "regional", ROOT], ["b", "regional", ROOT], ["e", "edge", ROOT]);
	assert.deepEqual(candidatesOf(view("c", "regional", { places: full, fanout: 3 })), [ROOT]);
	assert.deepEqual(candidatesOf(view("c", "regional", { places: full, fanout: 2 })), ["a", "b"]);
	const crowd = places(["a", "regional", ROOT], ["b", "regional", ROOT], ["c", "regional", ROOT]);
	assert.deepEqual(candidatesOf(view("b", "regional", { places: crowd, fanout: 2 })), [ROOT]);
	assert.deepEqual(candidatesOf(view("c", "regional", { places: crowd, fanout: 2 })), ["a", "b"]);
	const edges = places(["d", "edge", ROOT], ["e", "edge", ROOT], ["f", "edge", "d"]);
	assert.deepEqual(candidatesOf(view("g", "edge", { places: edges, fanout: 2 })), ["d", "e", "f"]);
});

test("candidatesOf() names nobody that is below us, cut off from the root, or avoided", () => {
	const tangled = places(
		["a", "regional", "self"],
		["b", "regional", "a"],
		["c", "regional", "d"],
		["d", "regional", "c"],
		["e", "regional", undefined],
		["f", "regional", ROOT],
		["g", "regional", "f"],
		["h", "regional", ROOT],
	);
	const avoided = new Set(["h"]);
	assert.deepEqual(candidatesOf(view("self", "regional", { places: tangled, fanout: 1, avoided })), ["f", "g"]);
});

test("candidatesOf() looks beyond a root that is out of reach, and comes back to it when there is nobody else", () => {
	const others = places(["a", "regional", ROOT], ["b", "regional", undefined], ["c", "edge", "b"]);
	const avoided = new Set([ROOT]);
	assert.deepEqual(candidatesOf(view("self", "regional", { places: others, avoided })), ["a"]);
	assert.deepEqual(candidatesOf(view("c", "edge", { places: others, avoided })), ["a"]);
	const adrift = places(["a", "regional", undefined], ["b", "regional", undefined]);
	assert.deepEqual(candidatesOf(view("a", "regional", { places: adrift, avoided })), [ROOT]);
});

test("pickParent() takes the nearest, the emptiest of equally near ones, and stays unless a move evens the loads", () => {
	const three = places(["a", "regional", ROOT], ["b", "regional", ROOT], ["c", "regional", ROOT], ["x", "edge", "a"]);
	const seen = view("self", "edge", { places: three });
	const rtts: Readonly<Record<string, number>> = { a: 100, b: 10, c: 30 };
	const rttOf = (node: string): number | undefined => rtts[node];
	assert.ok(["b", "c"].includes(pickParent(seen, ["a", "b", "c"], { current: undefined, rttOf })));
	const far: Readonly<Record<string, number>> = { ...rtts, c: 36 };
	assert.equal(pickParent(seen, ["a", "b", "c"], { current: undefined, rttOf: (node) => far[node] }), "b");
	assert.notEqual(pickParent(seen, ["a", "b", "c"], { current: undefined, rttOf: same }), "a");
	assert.equal(pickParent(seen, ["a", "b"], { current: "b", rttOf: same }), "b");
	assert.equal(pickParent(seen, ["a", "b"], { current: "a", rttOf: same }), "b");
	assert.equal(pickParent(seen, ["b"], { current: "gone", rttOf: same }), "b");
});

test("pickParent() ends in even loads, whoever moves first", () => {
	const regionals = ["r1", "r2", "r3"];
	const edges = Array.from({ length: 9 }, (_, at) => `e${at}`);
	const all = places(...regionals.map((node) => [node, "regional", ROOT] as const));
	// All choose at once, knowing nothing of each other.
	const first = edges.map((self) => {
		return pickParent(view(self, "edge", { places: all }), regionals, { current: undefined, rttOf: same });
	});
	edges.forEach((node, at) => {
		all.set(node, { role: "edge", parent: first[at] });
	});
	let moves = 0;
	for (let round = 0; round < 3; round++) {
		for (const self of edges) {
			const seen = view(self, "edge", { places: all });
			const current = all.get(self)?.parent;
			const parent = pickParent(seen, candidatesOf(seen), { current, rttOf: same });
			if (parent !== current) moves += 1;
			all.set(self, { role: "edge", parent });
		}
	}
	const loads = regionals.map((node) => [...all.values()].filter(({ parent }) => parent === node).length);
	assert.deepEqual(loads, [3, 3, 3]);
	assert.ok(moves <= 6, `${moves} moves`);
});
