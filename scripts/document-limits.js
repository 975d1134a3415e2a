/** Writes docs/limits.md from the doc comments of every limits.ts: `node scripts/document-limits.js`. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { root } from "./bootstrap.js";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*limits.ts"], {
	cwd: root,
	encoding: "utf8",
})
	.split("\n")
	.filter((path) => path !== "")
	.sort();
const out = [
	"# Limits",
	"",
	"Every bound of the product, with its value as written in the source and what it protects.",
	"Made by `node scripts/document-limits.js` from the `limits.ts` files, which are the only source of such numbers.",
];
for (const path of files) {
	const text = readFileSync(`${root}/${path}`, "utf8");
	const rows = [
		...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\s*export const ([A-Z_0-9]+)(?:: [^=]+)? = ([^;]+);/g),
	];
	if (rows.length === 0) continue;
	out.push("", `## ${path}`, "", "| limit | value | protects |", "|---|---|---|");
	for (const [, comment, name, value] of rows) {
		const reason = comment
			.replace(/\s*\n\s*\*\s?/g, " ")
			.replaceAll("|", "\\|")
			.trim();
		out.push(`| \`${name}\` | \`${value.replace(/\s+/g, " ")}\` | ${reason} |`);
	}
}
writeFileSync(`${root}/docs/limits.md`, `${out.join("\n")}\n`);
