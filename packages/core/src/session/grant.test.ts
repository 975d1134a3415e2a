import assert from "node:assert/strict";
import { test } from "node:test";
import { fullPath, GRANT_ALL, isCovered, mayPublish, maySubscribe, widestOf } from "./grant.ts";

test("isCovered() goes by whole segments", () => {
	assert.equal(isCovered(["room"], "room"), true);
	assert.equal(isCovered(["room"], "room/cam"), true);
	assert.equal(isCovered(["room"], "roomy"), false);
	assert.equal(isCovered(["room/cam"], "room"), false);
	assert.equal(isCovered([""], "anything"), true);
	assert.equal(isCovered([], ""), false);
});

test("widestOf() keeps what no other prefix covers, once", () => {
	assert.deepEqual(widestOf(["a/b", "a", "ab", "a"]), ["a", "ab"]);
	assert.deepEqual(widestOf(["x", ""]), [""]);
	assert.deepEqual(widestOf([]), []);
});

test("maySubscribe() and mayPublish() go by their own prefixes", () => {
	const grant = { ...GRANT_ALL, publish: ["in"], subscribe: ["out"] };
	assert.deepEqual([mayPublish(grant, "in/a"), mayPublish(grant, "out/a")], [true, false]);
	assert.deepEqual([maySubscribe(grant, "in/a"), maySubscribe(grant, "out/a")], [false, true]);
});

test("maySubscribe() hides internal names at the top from all but relays", () => {
	const viewer = { ...GRANT_ALL, cluster: false };
	for (const name of ["internal", "internal/x", ".internal/x"]) {
		assert.equal(maySubscribe(viewer, name), false, name);
		assert.equal(maySubscribe(GRANT_ALL, name), true, name);
	}
	assert.equal(maySubscribe(viewer, "internals"), true);
	assert.equal(maySubscribe({ ...viewer, root: "acme" }, "internal/x"), true, "a tenant may call its own so");
	assert.equal(maySubscribe({ ...viewer, root: "internal" }, "x"), false);
});

test("fullPath() puts the root before the name, and is undefined where both together are too long", () => {
	assert.equal(fullPath(GRANT_ALL, "a/b"), "a/b");
	assert.equal(fullPath({ ...GRANT_ALL, root: "acme" }, "a"), "acme/a");
	assert.equal(fullPath({ ...GRANT_ALL, root: "acme" }, ""), "acme");
	assert.equal(fullPath({ ...GRANT_ALL, root: "r".repeat(600) }, "n".repeat(600)), undefined);
});
