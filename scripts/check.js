/** `npm run check`: types, lint, format, unused code, Rust format and lints, tidy. Stops at the first failure. */
import { existsSync } from "node:fs";
import { must, node, root } from "./bootstrap.js";

/** Run one step under its name. */
function step(name, command, args) {
	process.stdout.write(`check: ${name}\n`);
	must(command, args);
}

const bin = `${root}/node_modules/.bin`;
step("types", `${bin}/tsc`, ["-p", "tsconfig.json"]);
step("types of the page", `${bin}/tsc`, ["-p", "page/tsconfig.json"]);
step("lint", `${bin}/oxlint`, ["--type-aware", "--deny-warnings"]);
step("format", `${bin}/biome`, ["ci", "--colors=off", "."]);
step("unused code", `${bin}/knip`, []);
step("tidy", node, ["--test", "--test-reporter=dot", "scripts/tidy.test.ts"]);
for (const crate of ["packages/engine/native", "bench/load"]) {
	if (!existsSync(`${root}/${crate}/Cargo.toml`)) continue;
	const manifest = ["--manifest-path", `${crate}/Cargo.toml`];
	step(`rustfmt ${crate}`, "cargo", ["fmt", ...manifest, "--check"]);
	step(`clippy ${crate}`, "cargo", [
		"clippy",
		"--quiet",
		"--locked",
		...manifest,
		"--all-targets",
		"--",
		"-D",
		"warnings",
	]);
}
