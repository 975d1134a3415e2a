/** `npm test`: install, build, check, and every test; the same as `.ci/run`. */
import { build, install, must, node, root } from "./bootstrap.js";

await build({ engine: "required" });
install(`${root}/test/peers`);
must("bash", ["scripts/install-test-tools.sh"]);
must(node, ["scripts/check.js"]);
must("cargo", ["test", "--quiet", "--locked", "--manifest-path", "packages/engine/native/Cargo.toml"]);
must(node, ["scripts/run-tests.js"]);
