/** Runs seeds from the first argument to the second, and tells its parent of each that fails. */
import { runSeed } from "./run-seed.ts";

const [from = 1, to = 1] = process.argv.slice(2).map(Number);
for (let seed = from; seed <= to; seed++) {
	try {
		await runSeed(seed, { sizeMax: 200 });
	} catch (error) {
		process.send?.(error instanceof Error ? error.message : String(error));
	}
}
