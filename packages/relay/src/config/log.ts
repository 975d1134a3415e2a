/**
 * `[log]`: how much is written, and in which form.
 * @module
 */

/** Levels of the log, most talkative first. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** "auto" is JSON unless standard error is a terminal. */
export type LogFormat = "auto" | "json" | "pretty";

/** `[log]`. */
export interface LogConfig {
	readonly level: LogLevel;
	readonly format: LogFormat;
}
