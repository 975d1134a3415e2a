import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogue } from "./catalogue.ts";
import { referencePage } from "./reference-page.ts";

test("referencePage() is docs/configuration.md", () => {
	const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8").split("\n");
	const expected = referencePage().split("\n");
	const different = expected.findIndex((text, index) => text !== page[index]);
	const remedy = `write the page anew: node -C source -e '${WRITE}' > docs/configuration.md`;
	assert.ok(different < 0 && page.length === expected.length, `line ${different + 1} differs; ${remedy}`);
});

const WRITE =
	'import("./packages/relay/src/config/reference-page.ts").then((m) => process.stdout.write(m.referencePage()))';

test("referencePage() names every table, key, flag, variable, alias and older flag", () => {
	const page = referencePage();
	for (const path of catalogue.tables.keys()) assert.ok(path === "" || page.includes(`## [${path}]`), path);
	for (const { path, flag, env, setting } of catalogue.settings.values()) {
		const names = [
			path.split(".").at(-1),
			flag,
			env,
			...(setting.facts.aliases ?? []),
			...(setting.facts.oldFlags ?? []),
		];
		for (const name of names) assert.ok(page.includes(`\`${name}\``), name);
	}
});
