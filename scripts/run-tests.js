/**
 * Every node:test file of the project in one run; run by the pinned Node. Arguments narrow it to paths that contain one of
 * them. Properties run one seed, or that of FUZZ_SEED, which may be "random".
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { root } from "./bootstrap.js";

/** Test files that run at a time: as many as the smallest machine has cores. */
const CONCURRENCY = 2;
/** What a test or file may take before it counts as hung, in ms: far above what any takes on a busy machine. */
const HANG_MS = 600_000;

const patterns = [
	"packages/*/src/**/*.test.ts",
	"testkit/src/**/*.test.ts",
	"page/src/**/*.test.ts",
	"test/**/*.test.ts",
	"bench/**/*.test.ts",
];
const wanted = process.argv.slice(2);
const files = globSync(patterns, { cwd: root, exclude: (name) => /(^|\/)(node_modules|dist|target)(\/|$)/.test(name) })
	.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
	.sort();
if (files.length === 0) {
	process.stderr.write("no test file matches\n");
	process.exit(1);
}
const env = { ...process.env };
if (env.FUZZ_SEED === "random") env.FUZZ_SEED = String(Math.floor(Math.random() * 2 ** 31));
const seed = env.FUZZ_SEED === undefined ? "" : `, properties with FUZZ_SEED=${env.FUZZ_SEED}`;
process.stdout.write(`running ${files.length} test files${seed} …\n`);
const args = [
	"-C",
	"source",
	`--import=${pathToFileURL(`${root}/scripts/fuzz-seed.js`)}`,
	"--test",
	`--test-concurrency=${CONCURRENCY}`,
	`--test-timeout=${HANG_MS}`,
	`--test-reporter=${root}/scripts/test-reporter.js`,
	"--test-reporter-destination=stdout",
	...files,
];
const result = spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" });
process.exit(result.status ?? 1);
