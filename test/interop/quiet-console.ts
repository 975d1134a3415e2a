/**
 * The third-party clients narrate on the console; a test run wants silence, and a peer process its own standard output.
 * @module
 */

/** From now on nothing reaches the console, unless `INTEROP_LOG` is set, and then all of it goes to standard error. */
export function quietConsole(): void {
	const loud = process.env["INTEROP_LOG"] !== undefined;
	for (const method of ["log", "info", "debug", "warn", "error"] as const) {
		globalThis.console[method] = loud
			? (...words: unknown[]) => void process.stderr.write(`${words.map(String).join(" ")}\n`)
			: () => {};
	}
}
