/**
 * Preloaded by `run-tests.js` into every test file: properties run one seed, so that a run says the same each time, and a
 * failure says which command repeats it. FUZZ_SEED sets the seed, FUZZ_RUNS the runs of a property that names no number.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { isMainThread } from "node:worker_threads";
import { root } from "./bootstrap.js";

const SEED = 20_261_123;

const file = process.argv[1];
// Most files have no properties: they are spared the loading of fast-check.
if (isMainThread && file?.endsWith(".test.ts") && readFileSync(file, "utf8").includes('from "fast-check"')) {
	const { default: fc } = await import("fast-check");
	const { FUZZ_SEED: seed = SEED, FUZZ_RUNS: runs } = process.env;

	fc.configureGlobal({
		seed: Number(seed),
		...(runs === undefined ? {} : { numRuns: Number(runs) }),
		reporter: (details) => {
			if (!details.failed) return;
			const variables = `FUZZ_SEED=${details.seed}${runs === undefined ? "" : ` FUZZ_RUNS=${runs}`}`;
			const command = `${variables} node_modules/node/bin/node scripts/run-tests.js ${relative(root, file)}`;
			throw new Error(`${fc.defaultReportMessage(details)}\n\nAgain: ${command}`, { cause: details.errorInstance });
		},
	});
}
