/** `npm run check`: types, lint, format, unused code, Rust format and lints, tidy. Stops at the first failure. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const steps = [
	["types", "node_modules/.bin/tsc", ["-p", "tsconfig.json"]],
	["lint", "node_modules/.bin/oxlint", ["--type-aware", "--deny-warnings"]],
	["format", "node_modules/.bin/biome", ["ci", "."]],
	["unused", "node_modules/.bin/knip", []],
	["tidy", "node_modules/node/bin/node", ["--test", "scripts/tidy.test.ts"]],
];
for (const crate of ["packages/engine/native", "bench/load"]) {
	if (!existsSync(`${crate}/Cargo.toml`)) continue;
	const manifest = ["--manifest-path", `${crate}/Cargo.toml`];
	steps.push(["rustfmt", "cargo", ["fmt", ...manifest, "--check"]]);
	steps.push(["clippy", "cargo", ["clippy", "--quiet", ...manifest, "--all-targets", "--", "-D", "warnings"]]);
}

for (const [name, command, args] of steps) {
	process.stdout.write(`check: ${name}\n`);
	const result = spawnSync(command, args, { stdio: "inherit" });
	if (result.error) process.stderr.write(`check: ${command}: ${result.error.message}\n`);
	if (result.status !== 0) process.exit(1);
}
