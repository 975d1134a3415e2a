/**
 * What goes wrong outside of any call, as log lines.
 * @module
 */
import type { EventEmitter } from "node:events";
import { ConfigError } from "../config/config-error.ts";
import { type Log, openLog, standardError } from "./log.ts";

/**
 * Log uncaught exceptions, unhandled rejections and Node's warnings instead of having Node print them. After an
 * exception or a rejection the state of the process is unknown: `end` must end it, with code 1.
 */
export function logProcessTrouble(log: Log, emitter: EventEmitter, end: () => void): void {
	// Node's own listener would print a text line between the JSON ones.
	emitter.removeAllListeners("warning");
	emitter.on("warning", (warning: Error) => log.warn("process.warning", { error: warning }, warning.message));
	const crash = (thrown: unknown): void => {
		const error = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
		log.error("process.crash", { error }, `the relay ends: ${error.message}`);
		log.flush();
		end();
	};
	emitter.on("uncaughtException", crash);
	emitter.on("unhandledRejection", crash);
}

/** Log why the relay cannot start, when there is no configuration to say how to log; the process then ends with code 2. */
export function logConfigError(error: ConfigError, env: Readonly<Record<string, string | undefined>>): void {
	const format = env["MOQ_LOG_FORMAT"] === "json" ? "json" : "auto";
	const log = openLog({
		level: "info",
		format,
		rustLog: undefined,
		terminal: process.stderr.isTTY === true,
		sink: standardError(),
		nowMs: () => performance.now(),
	});
	const [problem] = error.problems;
	log.error("config.fail", { key: problem?.key, origin: problem?.origin }, error.message);
}
