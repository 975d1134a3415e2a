/**
 * `npm run interop`: our relay and clients against the Rust ones, and every variant of the released npm clients with every other.
 * Arguments narrow it to test files that contain one of them. A whole run takes an hour on two cores and writes
 * docs/reports/YYYY-MM-DD-interop.md. `REF_RELAY_BIN` and `REF_MOQ_BIN` name Rust programs that are there already; without them,
 * they are compiled once into test/.cache, which takes a quarter of an hour on two cores.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { install, must, node, root, run } from "./bootstrap.js";
import { buildEngine } from "./build-engine.js";

/** Crates with the peers: crate, version, binary, and the variable that names another one. */
const PEERS = [
	["moq-relay", "0.14.12", "moq-relay", "REF_RELAY_BIN"],
	["moq-cli", "0.9.12", "moq", "REF_MOQ_BIN"],
];

/** What a file may take before it counts as hung, in ms. */
const HANG_MS = 3_600_000;

install();
install(`${root}/test/peers`);
if (!(await buildEngine())) process.exit(3);
// Released npm clients: every variant with every other.
const env = { ...process.env, INTEROP: "all" };
for (const [crate, version, binary, variable] of PEERS) env[variable] ||= peer(crate, version, binary);

const wanted = process.argv.slice(2);
const own = readdirSync(`${root}/test/rust`)
	.filter((file) => file.endsWith(".interop.ts"))
	.map((file) => `test/rust/${file}`);
const files = [...own, "test/interop/crossing.test.ts"]
	.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
	.toSorted((a, b) => (a < b ? -1 : 1));
if (files.length === 0) {
	process.stderr.write("no test file matches\n");
	process.exit(1);
}
const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
if (wanted.length === 0) {
	const report = `docs/reports/${new Date().toISOString().slice(0, 10)}-interop.md`;
	mkdirSync(`${root}/docs/reports`, { recursive: true });
	reporters.push("--test-reporter=./scripts/interop-report.js", `--test-reporter-destination=${report}`);
	process.stdout.write(`the report goes to ${report}\n`);
}
// One file after another: a machine that is busy with others makes late joiners of viewers.
const options = ["--test-concurrency=1", `--test-timeout=${HANG_MS}`];
process.exit(run(node, ["-C", "source", "--test", ...options, ...reporters, ...files], { env }));

/** The path of a peer's binary; compiled when it is not there. */
function peer(crate, version, binary) {
	const folder = `${root}/test/.cache/${crate}-${version}`;
	if (!existsSync(`${folder}/bin/${binary}`)) {
		process.stdout.write(`installing ${crate} ${version} …\n`);
		must("cargo", ["install", crate, "--version", version, "--locked", "--root", folder]);
	}
	return `${folder}/bin/${binary}`;
}
