/**
 * The relay's log: one line per event on standard error, written before the call returns so that nothing is lost.
 * @module
 */
import pino from "pino";
import type { LogConfig, LogLevel } from "../config/log.ts";
import {
	LOG_EVENT_REPEATS_MAX,
	LOG_FIELDS_MAX,
	LOG_STACK_BYTES_MAX,
	LOG_TEXT_BYTES_MAX,
	LOG_WINDOW_MS,
} from "./limits.ts";
import type { LogEvent } from "./log-event.ts";
import { type LevelChooser, levelChooser } from "./log-level.ts";
import { prettyLine } from "./log-line.ts";
import { sanitise } from "./redact.ts";
import { RepeatLimiter } from "./repeat-limiter.ts";

/** What a line says beside its name. Put `reason` and `remote` first and what a peer chose last. */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Plain values only: an object from elsewhere may hold anything. */
export type LogValue = string | number | boolean | bigint | Error | undefined | readonly (string | number)[];

/** Takes lines. Texts are cut, cleaned of control characters, and stripped of credentials. */
export interface Log {
	trace(event: LogEvent, fields?: LogFields, message?: string): void;
	debug(event: LogEvent, fields?: LogFields, message?: string): void;
	info(event: LogEvent, fields?: LogFields, message?: string): void;
	warn(event: LogEvent, fields?: LogFields, message?: string): void;
	error(event: LogEvent, fields?: LogFields, message?: string): void;
	/** The same log with fields on every line. */
	with(fields: LogFields): Log;
	/** The same log for another part, whose level RUST_LOG may set: `quic`, `moq_relay::auth`. */
	for(target: string): Log;
	/** Whether lines of the level are written; for callers whose fields are costly. */
	isEnabled(level: LogLevel): boolean;
	/** Write how many lines were suppressed; the last call before the process ends. */
	flush(): void;
}

/** Where lines go and how they look. */
export interface LogOptions extends LogConfig {
	/** RUST_LOG. */
	readonly rustLog?: string | undefined;
	/** Whether the sink is a terminal. */
	readonly terminal: boolean;
	/** Takes whole lines. */
	readonly sink: { write(line: string): void };
	/** Monotonic milliseconds. */
	readonly nowMs: () => number;
}

/** The log of a process. */
export function openLog(options: LogOptions): Log {
	const pretty = options.format === "pretty" || (options.format === "auto" && options.terminal);
	const { sink } = options;
	const logger = pino(
		{
			level: "trace",
			base: { name: "moq-relay" },
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: { level: (label) => ({ level: label }) },
		},
		pretty ? { write: (line: string) => sink.write(prettyLine(line)) } : sink,
	);
	const kinds = new RepeatLimiter();
	const events = new RepeatLimiter(LOG_EVENT_REPEATS_MAX);
	const shared = { logger, kinds, events, nowMs: options.nowMs, timer: undefined };
	return new TargetLog(shared, levelChooser(options.level, options.rustLog), { target: ROOT_TARGET, fields: {} });
}

/** Standard error as a sink that writes before it returns. */
export function standardError(): { write(line: string): void } {
	return pino.destination({ fd: 2, sync: true });
}

/** The name of the reference's crate, so that its RUST_LOG settings mean the same. */
const ROOT_TARGET = "moq_relay";

interface Shared {
	readonly logger: pino.Logger;
	/** By event and reason. */
	readonly kinds: RepeatLimiter;
	/** By event alone. */
	readonly events: RepeatLimiter;
	readonly nowMs: () => number;
	/** Runs while lines are being suppressed. */
	timer: NodeJS.Timeout | undefined;
}

interface Scope {
	readonly target: string;
	readonly fields: LogFields;
}

class TargetLog implements Log {
	readonly #shared: Shared;
	readonly #chooser: LevelChooser;
	readonly #scope: Scope;
	readonly #threshold: number;

	constructor(shared: Shared, chooser: LevelChooser, scope: Scope) {
		this.#shared = shared;
		this.#chooser = chooser;
		this.#scope = scope;
		const filter = chooser(scope.target);
		this.#threshold = filter === "silent" ? Number.POSITIVE_INFINITY : RANKS[filter];
	}

	trace(event: LogEvent, fields?: LogFields, message?: string): void {
		this.#write("trace", { event, ...this.#scope.fields, ...fields }, message);
	}

	debug(event: LogEvent, fields?: LogFields, message?: string): void {
		this.#write("debug", { event, ...this.#scope.fields, ...fields }, message);
	}

	info(event: LogEvent, fields?: LogFields, message?: string): void {
		this.#write("info", { event, ...this.#scope.fields, ...fields }, message);
	}

	warn(event: LogEvent, fields?: LogFields, message?: string): void {
		this.#write("warn", { event, ...this.#scope.fields, ...fields }, message);
	}

	error(event: LogEvent, fields?: LogFields, message?: string): void {
		this.#write("error", { event, ...this.#scope.fields, ...fields }, message);
	}

	with(fields: LogFields): Log {
		const scope = { ...this.#scope, fields: { ...this.#scope.fields, ...fields } };
		return new TargetLog(this.#shared, this.#chooser, scope);
	}

	for(target: string): Log {
		return new TargetLog(this.#shared, this.#chooser, { ...this.#scope, target });
	}

	isEnabled(level: LogLevel): boolean {
		return RANKS[level] >= this.#threshold;
	}

	flush(): void {
		clearTimeout(this.#shared.timer);
		this.#shared.timer = undefined;
		this.#reportSuppressed(Number.POSITIVE_INFINITY);
	}

	#write(level: LogLevel, fields: LogFields, message: string | undefined): void {
		if (!this.isEnabled(level)) return;
		const { logger } = this.#shared;
		const suppressed = this.#admit(fields);
		if (suppressed === undefined) return this.#watchSuppressed();
		const record = cleanFields(suppressed === 0 ? fields : { ...fields, suppressed });
		if (message === undefined) logger[level](record);
		else logger[level](record, sanitise(message, LOG_STACK_BYTES_MAX));
	}

	/** How many such lines were suppressed before this one; undefined when it is suppressed itself. */
	#admit({ event, reason }: LogFields): number | undefined {
		const { events, kinds, nowMs } = this.#shared;
		const atMs = nowMs();
		const ofKind = kinds.admit(`${String(event)} ${typeof reason === "string" ? reason : ""}`, atMs);
		if (ofKind === undefined) return undefined;
		const ofEvent = events.admit(String(event), atMs, ofKind + 1);
		return ofEvent === undefined ? undefined : ofKind + ofEvent;
	}

	#watchSuppressed(): void {
		const shared = this.#shared;
		shared.timer ??= setTimeout(() => {
			shared.timer = undefined;
			this.#reportSuppressed(shared.nowMs());
		}, LOG_WINDOW_MS * 2).unref();
	}

	#reportSuppressed(nowMs: number): void {
		const { events, kinds } = this.#shared;
		for (const { kind, count } of [...kinds.take(nowMs), ...events.take(nowMs)]) {
			const [event = "", ...reason] = kind.split(" ");
			const about = { event: "log.suppressed", of: event, reason: reason.join(" "), count };
			this.#shared.logger.warn(cleanFields(about), `${count} more lines of ${event} were not written`);
		}
	}
}

const RANKS: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

function cleanFields(fields: LogFields): Record<string, unknown> {
	const clean: Record<string, unknown> = {};
	for (const [key, value] of Object.entries(fields).slice(0, LOG_FIELDS_MAX)) {
		const kept = cleanValue(value);
		if (kept !== undefined) clean[key] = kept;
	}
	return clean;
}

function cleanValue(value: LogValue): unknown {
	if (typeof value === "string") return sanitise(value, LOG_TEXT_BYTES_MAX);
	if (typeof value === "bigint") return String(value);
	if (value instanceof Error) return cleanError(value);
	if (typeof value !== "object") return value;
	return value.slice(0, LOG_FIELDS_MAX).map((item) => cleanValue(item));
}

function cleanError(error: Error): Record<string, unknown> {
	const { cause } = error;
	return {
		type: error.name,
		message: sanitise(error.message, LOG_STACK_BYTES_MAX),
		stack: sanitiseStack(error.stack ?? ""),
		...(cause instanceof Error && { cause: sanitise(`${cause.name}: ${cause.message}`, LOG_STACK_BYTES_MAX) }),
	};
}

/** Keeps the line breaks, which JSON escapes. */
function sanitiseStack(stack: string): string {
	const lines = stack.slice(0, LOG_STACK_BYTES_MAX).split("\n");
	return lines.map((line) => sanitise(line, LOG_TEXT_BYTES_MAX)).join("\n");
}
