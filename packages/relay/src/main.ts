/**
 * The command `moq-relay`: settings, a relay, and a signal.
 * @module
 */
import { systemClock } from "@moq-relay/client";
import { packageVersion, parseCommandLine } from "./config/command-line.ts";
import { ConfigError } from "./config/config-error.ts";
import { type ConfigSources, checkConfig, loadConfig } from "./config/load.ts";
import { DRAIN_MS } from "./lifetime-limits.ts";
import { PortError } from "./listen/address.ts";
import { type Log, openLog, standardError } from "./ops/log.ts";
import { logConfigError, logProcessTrouble } from "./ops/process-trouble.ts";
import { Relay } from "./relay.ts";

/** Exit codes: the relay was asked to end; it crashed; it could not start. */
const EXIT = { done: 0, crash: 1, start: 2 } as const;

/** Run the command to its end. Resolves with the exit code. */
async function main(args: readonly string[]): Promise<number> {
	try {
		const line = parseCommandLine(args, process.env);
		if (line.command === "run") return await serve(line.sources);
		const { text, exitCode } = line.command === "print" ? { text: line.text, exitCode: 0 } : checkConfig(line.sources);
		process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
		return exitCode;
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		logConfigError(error, process.env);
		return EXIT.start;
	}
}

async function serve(sources: ConfigSources): Promise<number> {
	const { config, unsupported, warnings } = loadConfig(sources);
	const log = openLog({
		...config.log,
		rustLog: process.env["RUST_LOG"],
		terminal: process.stderr.isTTY === true,
		sink: standardError(),
		nowMs: () => performance.now(),
	});
	logProcessTrouble(log, process, () => process.exit(EXIT.crash));
	for (const { key, message } of unsupported) log.warn("config.unsupported", { key }, `${key} ${message}`);
	for (const warning of warnings) log.warn("config.warn", {}, warning);
	// Before the first await: a signal may come at any time.
	const asked = signals();
	const relay = await Relay.start(config, { log, clock: systemClock, version: packageVersion() }).catch(
		(error: unknown) => explain(error, log),
	);
	if (relay === undefined) return EXIT.start;
	await asked.first;
	await Promise.race([end(relay), asked.second]);
	log.flush();
	return EXIT.done;
}

async function end(relay: Relay): Promise<void> {
	await relay.drain({ deadlineMs: DRAIN_MS });
	await relay.close();
}

/** What keeps the relay from starting, as one line; anything else is a bug and goes on. */
function explain(error: unknown, log: Log): undefined {
	if (error instanceof ConfigError) log.error("config.fail", { key: error.problems[0]?.key }, error.message);
	else if (error instanceof PortError) log.error("listen.fail", { reason: error.code }, error.message);
	else throw error;
	return undefined;
}

/** The first and the second signal to end. */
function signals(): { readonly first: Promise<void>; readonly second: Promise<void> } {
	const first = Promise.withResolvers<void>();
	const second = Promise.withResolvers<void>();
	let count = 0;
	for (const signal of ["SIGINT", "SIGTERM"]) {
		process.on(signal, () => {
			count += 1;
			if (count === 1) first.resolve();
			else second.resolve();
		});
	}
	return { first: first.promise, second: second.promise };
}

process.exit(await main(process.argv.slice(2)));
