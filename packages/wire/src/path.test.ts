import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "./codes.ts";
import { PATH_BYTES_MAX, PATH_SEGMENTS_MAX } from "./limits.ts";
import { Malformed } from "./malformed.ts";
import { hasPrefix, joinPath, PATH_TOP, type Path, parsePath, splitPath, stripPrefix } from "./path.ts";

const texts = fc.string({ unit: fc.constantFrom("/", "/", "a", "b", ".", "é", "😀", " "), maxLength: 30 });
const paths = texts.map(parsePath);

const tooBig = (thrown: unknown) => thrown instanceof Malformed && thrown.code === Code.BoundsExceeded;

test("parsePath() drops empty segments and nothing else", () => {
	for (const [text, path] of [
		["", ""],
		["/", ""],
		["///", ""],
		["a", "a"],
		["/a/b/", "a/b"],
		["a//b", "a/b"],
		["a/ /b", "a/ /b"],
		["A/%2e/é", "A/%2e/é"],
		["../a/./..", "../a/./.."],
	] as const) {
		assert.equal(parsePath(text), path);
	}
	assert.equal(PATH_TOP, "");
});

test("parsePath() is idempotent, and its segments are those of the text", () => {
	fc.assert(
		fc.property(texts, (text) => {
			const path = parsePath(text);
			assert.equal(parsePath(path), path);
			assert.deepEqual(splitPath(path), splitPath(text));
			assert.equal(path, splitPath(path).join("/"));
			assert.equal(parsePath(`/${path}//`), path);
		}),
	);
});

test("parsePath() rejects control characters and lone surrogates", () => {
	for (const text of ["a\0b", "\n", "a/\x1f", "\x7f", "\x85", "\ud800", "a/\udc00b"]) {
		assert.throws(() => parsePath(text), Malformed, JSON.stringify(text));
	}
});

test("parsePath() counts segments and bytes", () => {
	const segments = (count: number) => Array.from({ length: count }, () => "x").join("/");
	assert.equal(splitPath(parsePath(segments(PATH_SEGMENTS_MAX))).length, PATH_SEGMENTS_MAX);
	assert.throws(() => parsePath(segments(PATH_SEGMENTS_MAX + 1)), tooBig);
	assert.throws(() => parsePath(`/${segments(PATH_SEGMENTS_MAX + 1)}/`), tooBig);
	assert.equal(parsePath("x".repeat(PATH_BYTES_MAX)).length, PATH_BYTES_MAX);
	assert.throws(() => parsePath("x".repeat(PATH_BYTES_MAX + 1)), tooBig);
	assert.equal(parsePath("é".repeat(PATH_BYTES_MAX / 2)).length, PATH_BYTES_MAX / 2);
	assert.throws(() => parsePath("é".repeat(PATH_BYTES_MAX / 2 + 1)), tooBig);
	assert.throws(() => parsePath("😀".repeat(PATH_BYTES_MAX / 4 + 1)), tooBig);
});

test("hasPrefix() ends at a segment", () => {
	for (const [path, prefix, holds] of [
		["foo/bar", "foo", true],
		["foo", "foo", true],
		["foobar", "foo", false],
		["foo", "foo/bar", false],
		["foo/bar", "fo", false],
		["foo", "", true],
		["", "", true],
		["", "foo", false],
	] as const) {
		assert.equal(hasPrefix(path, prefix), holds, `${path} below ${prefix}`);
	}
});

test("hasPrefix() agrees with a comparison of segments", () => {
	fc.assert(
		fc.property(paths, paths, (path, prefix) => {
			const ours = splitPath(path);
			const expected = splitPath(prefix).every((segment, at) => ours[at] === segment);
			assert.equal(hasPrefix(path, prefix), expected);
		}),
	);
});

test("stripPrefix() inverts joinPath()", () => {
	fc.assert(
		fc.property(paths, paths, (prefix, suffix) => {
			const path = joinPath(prefix, suffix);
			assert.equal(parsePath(path), path);
			assert.equal(stripPrefix(path, prefix), suffix);
		}),
	);
	assert.equal(stripPrefix("foobar", "foo"), undefined);
});

test("joinPath() checks the whole", () => {
	const long = parsePath("x".repeat(PATH_BYTES_MAX - 2));
	assert.equal(joinPath(long, parsePath("y")).length, PATH_BYTES_MAX);
	assert.throws(() => joinPath(long, parsePath("yy")), tooBig);
	const deep = parsePath("x/".repeat(PATH_SEGMENTS_MAX)) as Path;
	assert.equal(joinPath(deep, PATH_TOP), deep);
	assert.throws(() => joinPath(deep, parsePath("y")), tooBig);
});
