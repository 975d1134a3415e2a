/** `npm run check`: types, lint, format, unused code, tidy, Rust format and lints. Runs all of it, then says what failed. */
import { existsSync } from "node:fs";
import { node, root, run } from "./bootstrap.js";

const bin = `${root}/node_modules/.bin`;
/** @type {[string, string, string[]][]} */
const steps = [
	["types", `${bin}/tsc`, ["-p", "tsconfig.json"]],
	["types of the page", `${bin}/tsc`, ["-p", "page/tsconfig.json"]],
	["lint", `${bin}/oxlint`, ["--type-aware", "--deny-warnings", "--quiet"]],
	["format", `${bin}/biome`, ["ci", "."]],
	["unused code", `${bin}/knip`, ["--no-progress"]],
	["tidy", node, ["--test", "--test-reporter=./scripts/test-reporter.js", "scripts/tidy.test.ts"]],
];
for (const crate of ["packages/engine/native", "bench/load"]) {
	if (!existsSync(`${root}/${crate}/Cargo.toml`)) continue;
	const manifest = ["--manifest-path", `${crate}/Cargo.toml`];
	const clippy = ["clippy", "--quiet", "--locked", ...manifest, "--all-targets", "--", "-D", "warnings"];
	steps.push([`rustfmt ${crate}`, "cargo", ["fmt", ...manifest, "--check"]], [`clippy ${crate}`, "cargo", clippy]);
}

const failed = [];
for (const [name, command, args] of steps) {
	process.stdout.write(`check: ${name}\n`);
	if (run(command, args) !== 0) failed.push(name);
}
if (failed.length > 0) {
	process.stderr.write(`check failed: ${failed.join(", ")}\n`);
	process.exit(1);
}
