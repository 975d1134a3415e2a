/**
 * Which lines are written: `[log] level`, and RUST_LOG in the forms of the reference.
 * @module
 */
import type { LogLevel } from "../config/log.ts";

/** A level, or nothing at all. */
export type LevelFilter = LogLevel | "silent";

/** The level for each part of the program. */
export type LevelChooser = (target: string) => LevelFilter;

/**
 * Levels by target. RUST_LOG (`info`, `moq_relay=debug,quic=warn`, `warn,moq_relay::auth=trace`) wins over `level`
 * where it says anything; directives that make no sense are passed over, as the reference does.
 */
export function levelChooser(level: LogLevel, rustLog: string | undefined): LevelChooser {
	const directives = new Map<string, LevelFilter>();
	let bare: LevelFilter | undefined;
	for (const directive of (rustLog ?? "").split(",")) {
		const [left = "", right] = directive.trim().split("=", 2);
		const parsed = LEVELS[(right ?? left).trim().toLowerCase()];
		if (right === undefined && parsed !== undefined) bare = parsed;
		else if (!TARGET.test(left)) continue;
		else if (parsed !== undefined) directives.set(left, parsed);
		// A target alone is everything of it.
		else if (right === undefined) directives.set(left, "trace");
	}
	return (target) => {
		for (let name = target; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf("::")))) {
			const found = directives.get(name);
			if (found !== undefined) return found;
		}
		if (bare !== undefined) return bare;
		return directives.size > 0 ? "error" : level;
	};
}

const TARGET: RegExp = /^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$/;

const LEVELS: Readonly<Record<string, LevelFilter>> = {
	trace: "trace",
	debug: "debug",
	info: "info",
	warn: "warn",
	error: "error",
	off: "silent",
};
