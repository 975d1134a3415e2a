import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, tomlLines } from "./toml-line.ts";

test("tomlLines() finds keys under headers, dotted and quoted ones", () => {
	const lines = tomlLines('top = 1\n\n[server]\nlisten = "x"\ntls.cert = "y" # z\n[ "a b" . c ]\n"d" = [\n  1,\n]\n');
	const expected = {
		top: 1,
		server: 3,
		"server.listen": 4,
		"server.tls": 5,
		"server.tls.cert": 5,
		"a b.c": 6,
		"a b.c.d": 7,
	};
	for (const [path, line] of Object.entries(expected)) assert.equal(lines.get(path), line, path);
});

test("lineOf() falls back to the table around a key", () => {
	const lines = tomlLines("[auth]\npublic = { publish = 1 }\n");
	assert.equal(lineOf(lines, "auth.public.publish"), 2);
	assert.equal(lineOf(lines, "auth.absent"), 1);
	assert.equal(lineOf(lines, "absent"), undefined);
});
