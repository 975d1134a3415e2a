import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Grants, grantsCover, type Permissions, permissionsAt } from "./permissions.ts";

const at = (grants: Partial<Grants>, path: string): Permissions | string =>
	permissionsAt({ root: "", publish: [], subscribe: [], ...grants }, path);

test("permissionsAt() keeps the grants where the path is the root, slashes apart", () => {
	const grants = { root: "demo", publish: ["alice"], subscribe: [""] };
	for (const path of ["demo", "/demo", "/demo/", "//demo//"]) {
		assert.deepEqual(at(grants, path), { publish: ["alice"], subscribe: [""] });
	}
});

test("permissionsAt() narrows the grants where the path goes on from the root", () => {
	const grants = { root: "demo", publish: ["room/alice", "room", "other"], subscribe: ["room/cam/low"] };
	assert.deepEqual(at(grants, "/demo/room"), { publish: ["alice", ""], subscribe: ["cam/low"] });
	assert.deepEqual(at(grants, "/demo/room/alice"), { publish: [""], subscribe: [] });
	assert.deepEqual(at(grants, "/demo/room/alice/deeper"), { publish: [""], subscribe: [] });
});

test("permissionsAt() puts what is missing before the grants where the path is a parent of the root", () => {
	const grants = { root: "demo/room", publish: ["alice"], subscribe: [""] };
	assert.deepEqual(at(grants, "/"), { publish: ["demo/room/alice"], subscribe: ["demo/room"] });
	assert.deepEqual(at(grants, "/demo"), { publish: ["room/alice"], subscribe: ["room"] });
});

test("permissionsAt() tells a wrong root from a root where nothing is granted", () => {
	assert.equal(at({ root: "demo", publish: [""] }, "/other"), "incorrect-root");
	assert.equal(at({ root: "demo", publish: [""] }, "/demonstration"), "incorrect-root");
	assert.equal(at({ root: "demo", publish: ["a"] }, "/demo/b"), "no-access");
	assert.equal(at({ root: "demo", publish: ["a"] }, "/demo/ab"), "no-access");
});

test("permissionsAt() keeps the two kinds of empty apart", () => {
	assert.deepEqual(at({ publish: [""] }, "/x"), { publish: [""], subscribe: [] });
	assert.equal(at({}, "/x"), "no-access");
});

test("permissionsAt() compares code points: composed and decomposed letters differ", () => {
	assert.equal(at({ root: "caf\u00e9", publish: [""] }, "/cafe\u0301"), "incorrect-root");
	assert.equal(at({ root: "Demo", publish: [""] }, "/demo"), "incorrect-root");
	assert.equal(at({ root: "a/b", publish: [""] }, "/a%2fb"), "incorrect-root");
});

const segment = fc.constantFrom("a", "b", "ab", "..", "%2f");
const path = fc.array(fc.oneof(segment, fc.constant("")), { maxLength: 4 }).map((segments) => segments.join("/"));
const grants = fc.record({
	root: path,
	publish: fc.array(path, { maxLength: 3 }),
	subscribe: fc.array(path, { maxLength: 3 }),
});

/** Whether a grant covers an absolute name, straight from the rule: root, then prefix, segment by segment. */
function covers(root: string, prefixes: readonly string[], name: string): boolean {
	const split = (text: string): string[] => text.split("/").filter(Boolean);
	return prefixes.some((prefix) => {
		const wanted = [...split(root), ...split(prefix)];
		return wanted.every((segmentOf, index) => split(name)[index] === segmentOf);
	});
}

test("permissionsAt() allows a name below the path exactly when the claims do", () => {
	fc.assert(
		fc.property(grants, path, path, (claims, connected, name) => {
			const permissions = permissionsAt(claims, connected);
			const full = `${connected}/${name}`;
			for (const role of ["publish", "subscribe"] as const) {
				const allowed = typeof permissions !== "string" && covers(connected, permissions[role], full);
				assert.equal(allowed, covers(claims.root, claims[role], full));
			}
		}),
		{ numRuns: 2000 },
	);
});

test("grantsCover() agrees with the names that each side covers", () => {
	fc.assert(
		fc.property(grants, grants, (outer, inner) => {
			const reachable = inner.publish.map((prefix) => `${inner.root}/${prefix}`);
			const each = reachable.every((name) => covers(outer.root, outer.publish, name));
			assert.equal(grantsCover({ ...outer, subscribe: [""], root: outer.root }, { ...inner, subscribe: [] }), each);
		}),
		{ numRuns: 2000 },
	);
});
