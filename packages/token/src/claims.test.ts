import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Claims, formatClaims, parseClaims } from "./claims.ts";
import { PATH_CHARS_MAX, PREFIXES_MAX } from "./limits.ts";
import { TokenError } from "./token-error.ts";

const grants = (payload: Record<string, unknown>): unknown[] => {
	const { root, publish, subscribe, cluster } = parseClaims(payload);
	return [root, publish, subscribe, cluster];
};
const reasonOf = (payload: Record<string, unknown>): string => {
	try {
		parseClaims(payload);
		return "accepted";
	} catch (error) {
		assert.ok(error instanceof TokenError);
		return error.reason;
	}
};

test("parseClaims() reads every spelling that was ever in use", () => {
	assert.deepEqual(grants({ path: "p", pub: "a", "pub!": "b", sub: "c" }), ["p", ["a", "b"], ["c"], false]);
	assert.deepEqual(grants({ path: "p", pub: "", sub: "", cluster: true }), ["p", [""], [""], true]);
	assert.deepEqual(grants({ root: "p", pub: "a", sub: "b", cluster: false }), ["p", ["a"], ["b"], false]);
	assert.deepEqual(grants({ root: "p", put: ["a", "b"], get: "c", cluster: true }), ["p", ["a", "b"], ["c"], true]);
	assert.deepEqual(grants({ put: "a", exp: null, iat: null, unknown: { deep: 1 } }), ["", ["a"], [], false]);
});

test("parseClaims() takes sub for a path only where there is no get", () => {
	const modern = parseClaims({ root: "p", get: ["x"], sub: "alice" });
	assert.deepEqual([modern.subscribe, modern.subject], [["x"], "alice"]);
	const none = parseClaims({ root: "p", put: "x", get: [], sub: "alice" });
	assert.deepEqual([none.subscribe, none.subject], [[], "alice"]);
	const old = parseClaims({ root: "p", sub: "alice" });
	assert.deepEqual([old.subscribe, old.subject], [["alice"], undefined]);
});

test("parseClaims() keeps everything and nothing apart", () => {
	assert.deepEqual(grants({ put: [""] }), ["", [""], [], false]);
	assert.equal(reasonOf({ put: [], get: [] }), "scope");
	assert.equal(reasonOf({ root: "p" }), "scope");
});

test("parseClaims() refuses wrong types, odd times and odd paths as malformed", () => {
	const wrong: Record<string, unknown>[] = [
		{ put: 1 },
		{ put: [1] },
		{ put: [["a"]] },
		{ put: { a: 1 } },
		{ put: null },
		{ root: 7, put: "a" },
		{ root: "a", path: "b", put: "" },
		{ put: "a", cluster: "true" },
		{ put: "a", exp: "1999999999" },
		{ put: "a", exp: 1e300 },
		{ put: "a", exp: -1e300 },
		{ put: "a", exp: [1] },
		{ put: "a", nbf: "0" },
		{ put: "a", iat: {} },
		{ put: "a", jti: 5 },
		{ put: "a", aud: [5] },
		{ put: "a\u0000b" },
		{ put: "a\nb" },
		{ put: "a\ud800" },
		{ put: "x".repeat(PATH_CHARS_MAX + 1) },
		{ put: Array.from({ length: PREFIXES_MAX + 1 }, () => "a") },
	];
	for (const payload of wrong) assert.equal(reasonOf(payload), "malformed", JSON.stringify(payload).slice(0, 60));
});

test("parseClaims() takes dots and escapes for names, which lead nowhere else", () => {
	assert.deepEqual(grants({ root: "demo/..", put: ["..", "a%2fb", "//x//./"] }), [
		"demo/..",
		["..", "a%2fb", "x/."],
		[],
		false,
	]);
});

test("formatClaims() is what parseClaims() reads", () => {
	const path = fc.array(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 3 }).map((segments) => segments.join("/"));
	const time = fc.option(fc.nat(), { nil: undefined });
	const name = fc.option(fc.stringMatching(/^[a-z]{1,4}$/), { nil: undefined });
	const claims = fc.record(
		{
			root: path,
			publish: fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
			subscribe: fc.uniqueArray(path, { maxLength: 3 }),
			cluster: fc.boolean(),
			expires: time,
			issued: time,
			notBefore: time,
			id: name,
			subject: name,
			audience: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 2 }),
		},
		{ noNullPrototype: true },
	);
	fc.assert(
		fc.property(claims, (value: Claims) => {
			assert.deepEqual(parseClaims(JSON.parse(JSON.stringify(formatClaims(value))) as Record<string, unknown>), value);
		}),
	);
});
