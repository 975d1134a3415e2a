/**
 * From the process's arguments to its exit code.
 * @module
 */
import { systemClock } from "@moq-relay/client";
import { CommandError } from "./command-error.ts";
import { STOP_MS_MAX } from "./limits.ts";
import { MediaError } from "./media/media-error.ts";
import { exitCodeOf, makeProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";

/** Run the command that the arguments name; the exit code. Signals end it well, a second one at once. */
export async function run(args: readonly string[]): Promise<number> {
	const stop = new AbortController();
	listenForSignals(stop);
	// Nothing may be left to wait for but a timer that does not count, as between two attempts to connect.
	const hold = setInterval(() => {}, 60_000);
	let terminal = new Terminal(process.stderr, systemClock, "info");
	const program = makeProgram({
		out: process.stdout,
		err: process.stderr,
		contextOf: ({ logLevel }) => {
			terminal = new Terminal(process.stderr, systemClock, logLevel);
			return { clock: systemClock, terminal, signal: stop.signal };
		},
	});
	try {
		await program.parseAsync(args, { from: "user" });
		terminal.end();
		return 0;
	} catch (error) {
		terminal.end();
		return exitCodeOf(error) ?? report(error, terminal);
	} finally {
		clearInterval(hold);
	}
}

function report(error: unknown, terminal: Terminal): number {
	if (error instanceof CommandError || error instanceof MediaError) terminal.error(error.message);
	else
		terminal.error(
			`a fault of this program: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
		);
	return 1;
}

function listenForSignals(stop: AbortController): void {
	// A terminal tells the whole process group, so a launcher may tell us the same once more.
	let firstMs: number | undefined;
	const onSignal = (): void => {
		const nowMs = systemClock.nowMs();
		firstMs ??= nowMs;
		if (nowMs - firstMs > SAME_SIGNAL_MS) process.exit(130);
		stop.abort();
		setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
	// The reader of a pipe may leave: writers hear of it themselves, and names have no one to be printed for.
	process.stdout.on("error", () => stop.abort());
	process.stderr.on("error", () => stop.abort());
}

/** Signals closer to each other than this are one, in ms. */
const SAME_SIGNAL_MS = 300;
