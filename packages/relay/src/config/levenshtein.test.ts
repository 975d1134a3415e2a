import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { levenshtein, nearest } from "./levenshtein.ts";

test("levenshtein() counts insertions, deletions and replacements", () => {
	assert.equal(levenshtein("", ""), 0);
	assert.equal(levenshtein("kitten", "sitting"), 3);
	assert.equal(levenshtein("listen", "lsiten"), 2);
	assert.equal(levenshtein("", "abc"), 3);
});

test("levenshtein() is a distance", () => {
	const word = fc.string({ maxLength: 6, unit: fc.constantFrom("a", "b", "c") });
	fc.assert(
		fc.property(word, word, word, (a, b, c) => {
			assert.equal(levenshtein(a, b), levenshtein(b, a));
			assert.equal(levenshtein(a, b) === 0, a === b);
			assert.ok(levenshtein(a, c) <= levenshtein(a, b) + levenshtein(b, c));
		}),
	);
});

test("nearest() finds the likely word, and none when all are far", () => {
	const words = ["listen", "level", "public", "key_dir"];
	assert.equal(nearest("lisen", words), "listen");
	assert.equal(nearest("pubic", words), "public");
	assert.equal(nearest("keydir", words), "key_dir");
	assert.equal(nearest("zebra", words), undefined);
	assert.equal(nearest("", words), undefined);
});
