import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

test("index.ts reaches no module of Node, so that a browser can use it", () => {
	const seen = new Set<string>();
	const visit = (url: URL): void => {
		if (seen.has(url.href)) return;
		seen.add(url.href);
		for (const [, specifier = ""] of readFileSync(url, "utf8").matchAll(/ from "([^"]+)"/g)) {
			assert.doesNotMatch(specifier, /^node:/, url.pathname);
			if (specifier.startsWith(".")) visit(new URL(specifier, url));
			else assert.equal(specifier, "jose");
		}
	};
	visit(new URL("./index.ts", import.meta.url));
	assert.ok(seen.size > 10);
});
