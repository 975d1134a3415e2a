/**
 * `npm run drill`: long runs of real processes, and a report of them in docs/reports. Arguments narrow it to files that contain
 * one of them; with `--short` every drill is small, and no report is written. `simulation --seeds 10000 --from 1` says which
 * seeds.
 */
import { build, install, must, node, root } from "./bootstrap.js";

await build({ engine: "required" });
install(`${root}/test/peers`);
must("bash", ["scripts/install-test-tools.sh"]);
must(node, ["scripts/run-drill.js", ...process.argv.slice(2)]);
