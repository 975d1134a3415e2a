import assert from "node:assert/strict";
import { test } from "node:test";
import { hasPrefix } from "@moq-relay/wire";
import fc from "fast-check";
import { PathTree } from "./path-tree.ts";

const PATH = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 4 }).map((segments) => segments.join("/"));
const STEP = fc.record({ what: fc.constantFrom("set", "delete", "listen", "unlisten"), path: PATH });

test("PathTree agrees with a scan over all paths, and is empty in the end", () => {
	fc.assert(
		fc.property(fc.array(STEP, { maxLength: 60 }), PATH, (steps, probe) => {
			const tree = new PathTree<string, string>();
			const values = new Set<string>();
			const listeners = new Set<string>();
			for (const { what, path } of steps) {
				if (what === "set") tree.set(path, path);
				if (what === "delete") tree.delete(path);
				if (what === "listen") tree.listen(path, path);
				if (what === "unlisten") tree.unlisten(path, path);
				if (what === "set") values.add(path);
				if (what === "delete") values.delete(path);
				if (what === "listen") listeners.add(path);
				if (what === "unlisten") listeners.delete(path);
			}
			const under = [...values].filter((path) => hasPrefix(path, probe));
			assert.deepEqual(tree.valuesUnder(probe).toSorted(), under.toSorted());
			const above = [...listeners].filter((path) => hasPrefix(probe, path));
			assert.deepEqual(tree.listenersOf(probe).toSorted(), above.toSorted());
			assert.equal(tree.get(probe), values.has(probe) ? probe : undefined);
			for (const path of values) tree.delete(path);
			for (const path of listeners) tree.unlisten(path, path);
			assert.equal(tree.isEmpty, true);
		}),
	);
});
