/**
 * `[log]`: how much is written, and in which form.
 * @module
 */
import { choice } from "./kind.ts";
import { setting, type Table, table } from "./setting.ts";

/** Levels of the log, most talkative first. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** "auto" is JSON unless standard error is a terminal. */
export type LogFormat = "auto" | "json" | "pretty";

/** `[log]`. */
export interface LogConfig {
	readonly level: LogLevel;
	readonly format: LogFormat;
}

/** The settings of `[log]`. */
export const logTable: Table<LogConfig> = table(
	{ doc: "How much is written to standard error, and in which form" },
	{
		level: setting(choice(["trace", "debug", "info", "warn", "error"]), {
			doc: "The least important level that is written; the variable RUST_LOG wins over it",
			fallback: "info",
			reload: "no: set once at start",
		}),
		format: setting(choice(["auto", "json", "pretty"]), {
			doc: "JSON lines, or lines for people; auto is pretty exactly on a terminal",
			fallback: "auto",
			reload: "no: set once at start",
		}),
	},
);
