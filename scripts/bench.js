/** `npm run bench`: build what it needs and measure; `npm run bench -- setup` installs the Rust relay of the comparison. */
import { build, must, node, root } from "./bootstrap.js";

const args = process.argv.slice(2);
if (args[0] === "setup") {
	must("cargo", ["install", "moq-relay", "--version", "0.14.12", "--locked", "--root", `${root}/bench/.cache`]);
	process.exit(0);
}
await build({ engine: "required" });
must("cargo", ["build", "--release", "--locked", "--manifest-path", "bench/load/Cargo.toml"]);
must(node, ["-C", "source", "bench/src/main.ts", ...args]);
