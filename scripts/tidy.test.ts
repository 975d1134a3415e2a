/** The mechanical half of the house style (docs/style is prose; this is what fails the build). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { test } from "node:test";

const LINES_MAX = 500;
const TEST_LINES_MAX = 800;
/** Files over the limit, each with its reason. */
const LONG: ReadonlyMap<string, string> = new Map();
const VAGUE = /^(utils?|helpers?|manager|handler|common|types|misc|base)$/;

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
	.split("\n")
	.filter((path) => path !== "" && existsSync(path));
const sources = tracked.filter((path) => /\.(ts|js|mjs|rs)$/.test(path) && !path.startsWith("test/peers/"));
const text = (path: string): string => readFileSync(path, "utf8");
const markers = new RegExp(
	["FIX" + "ME", "XX" + "X\\b", "TO" + "DO", "\\b(test|it|describe)\\.(on" + "ly|sk" + "ip|to" + "do)\\b"].join("|"),
);
const place = new RegExp(["(^|[\"'`\\s(])/(wo" + "rk|fa" + "rm|ro" + "ot)/[a-z]"].join("|"));

test("tidy: there is something to look at", () => {
	assert.ok(sources.length > 20, `only ${sources.length} source files found`);
});

for (const path of sources) {
	test(`tidy: ${path}`, () => {
		const body = text(path);
		const max = path.endsWith(".test.ts") ? TEST_LINES_MAX : LINES_MAX;
		const lines = body.split("\n").length - 1;
		assert.ok(lines <= max || LONG.has(path), `${path} has ${lines} lines, more than ${max}`);
		assert.doesNotMatch(body, markers, `${path} has a leftover marker or a switched-off test`);
		assert.doesNotMatch(body, place, `${path} names a path of one machine`);
		const stem = basename(path).replace(/(\.test)?\.(ts|js|mjs|rs)$/, "");
		assert.doesNotMatch(stem, VAGUE, `${path} does not name a noun`);
		assert.match(basename(path), /^[a-z0-9_.-]+$/, `${path} is not in kebab case`);
	});
}

for (const path of sources.filter(
	(path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
)) {
	test(`tidy: exports of ${path} are documented`, () => {
		const lines = text(path).split("\n");
		const bare = lines.filter((line, at) => {
			if (!/^export (async )?(function|class|interface|type|const|abstract)\b(?! \{)/.test(line)) return false;
			return (
				!/(\*\/|^\s*\/\/)/.test(lines[at - 1] ?? "") && !/^export (async )?function (\w+)\(/.test(lines[at - 1] ?? "")
			);
		});
		assert.deepEqual(bare, [], `undocumented exports in ${path}`);
		assert.doesNotMatch(text(path), /^export \* from/m, `${path} hides what is public behind export *`);
		const code = lines.filter((line) => !/^\s*(\/?\*|\/\/)/.test(line)).join("\n");
		assert.doesNotMatch(code, /\bas any\b|: any\b|@ts-(ignore|expect-error|nocheck)/, `${path} gives types up`);
	});
}

for (const path of sources.filter(
	(path) => /^packages\/(wire|core)\/src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
)) {
	test(`tidy: ${path} has no I/O, clock or randomness`, () => {
		assert.doesNotMatch(
			text(path),
			/from "node:|\bDate\.now\(|\bnew Date\(\)|Math\.random\(|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/,
		);
	});
}

test("tidy: every package has an index and a README", () => {
	for (const manifest of tracked.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))) {
		const folder = dirname(manifest);
		assert.ok(existsSync(`${folder}/src/index.ts`), `${folder} has no index`);
		assert.ok(existsSync(`${folder}/README.md`), `${folder} has no README`);
	}
});

test("tidy: every dependency is pinned and has a reason in docs/dependencies.md", () => {
	const reasons = text("docs/dependencies.md");
	for (const manifest of tracked.filter(
		(path) => basename(path) === "package.json" && !path.startsWith("test/peers/"),
	)) {
		const { dependencies = {}, devDependencies = {} } = JSON.parse(text(manifest)) as Record<
			string,
			Record<string, string>
		>;
		for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
			assert.match(version, /^(npm:.+@)?\d+\.\d+\.\d+/, `${manifest}: ${name} is not pinned`);
			if (!name.startsWith("@moq-relay/")) assert.ok(reasons.includes(`\`${name}\``), `${name} has no reason`);
		}
	}
	for (const manifest of tracked.filter((path) => basename(path) === "Cargo.toml")) {
		const body = /\[dependencies\]([\s\S]*?)(\n\[|$)/.exec(text(manifest))?.[1] ?? "";
		for (const line of body.split("\n").filter((line) => /^[a-z]/.test(line))) {
			const name = /^[a-z0-9_-]+/.exec(line)?.[0] ?? "";
			assert.match(line, /"=\d+\.\d+\.\d+/, `${manifest}: ${name} is not pinned`);
			assert.ok(reasons.includes(`\`${name}\``), `${name} has no reason`);
		}
	}
});

test("tidy: the documents that a newcomer looks for exist", () => {
	const wanted = ["README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY"].map((name) => `${name}.md`);
	wanted.push("LICENSE-MIT", "LICENSE-APACHE");
	wanted.push(...["glossary", "dependencies", "limits", "errors", "performance"].map((name) => `docs/${name}.md`));
	for (const path of wanted) assert.ok(existsSync(path), `${path} is missing`);
});

test("tidy: every limit is in docs/limits.md", () => {
	const listed = text("docs/limits.md");
	for (const path of sources.filter((path) => basename(path) === "limits.ts")) {
		for (const [, name] of text(path).matchAll(/^export const ([A-Z_0-9]+)/gm)) {
			assert.ok(listed.includes(`\`${name}\``), `${name} of ${path} is not in docs/limits.md`);
		}
	}
});

test("tidy: links between documents lead somewhere", () => {
	for (const path of tracked.filter((path) => path.endsWith(".md") && !path.startsWith("test/peers/"))) {
		for (const [, target] of text(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
			assert.ok(existsSync(`${dirname(path)}/${target}`), `${path} links to ${target}, which is not there`);
		}
	}
});
