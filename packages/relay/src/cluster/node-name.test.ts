/** Names of relays, in all their spellings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPlace, parsePlace } from "./board.ts";
import { TREE_PREFIX } from "./internal-names.ts";
import { parseNode } from "./node-name.ts";

test("parseNode() gives every spelling of a relay the same name, without secrets", () => {
	const spellings = [
		"https://eu.example.com",
		"https://EU.example.com:443/?jwt=x",
		"eu.example.com",
		"eu.example.com:443",
	];
	for (const text of [...spellings, "https:/eu.example.com", "https://user:pass@eu.example.com/#x"]) {
		assert.deepEqual(
			parseNode(text),
			{ url: "https://eu.example.com/", host: "eu.example.com", path: "https:/eu.example.com" },
			text,
		);
	}
	assert.equal(parseNode("eu.example.com:4443")?.host, "eu.example.com:4443");
	assert.equal(parseNode("moqt://eu.example.com/x")?.host, "moqt://eu.example.com/x");
	for (const bad of ["", "https://", "ftp://a/", "a b", "https://a:b:c/", "javascript:alert(1)"]) {
		assert.equal(parseNode(bad), undefined, bad);
	}
});

test("parsePlace() reads what formatPlace() writes, and nothing else", () => {
	for (const parent of [undefined, "https://root/a/b?"]) {
		const line = { node: "https://eu.example.com:4443/x y", place: { role: "edge", parent } } as const;
		assert.deepEqual(parsePlace(formatPlace(line.node, line.place)), line);
	}
	for (const bad of ["", "/a", "/a/king/-", "/a/edge", "/a/edge/-/b", "/%ff/edge/-"]) {
		assert.equal(parsePlace(`${TREE_PREFIX}${bad}`), undefined, bad);
	}
});
