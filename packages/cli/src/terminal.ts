/**
 * What the person, or the log, at the other end of standard error sees.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import { STATUS_MS } from "./limits.ts";

/** Where lines go. */
export interface TextStream {
	readonly isTTY?: boolean;
	readonly columns?: number;
	write(text: string): unknown;
}

/** How much is said: "error" only how it ends, "info" also what happens, "debug" also what is odd. */
export type LogLevel = "error" | "info" | "debug";

/** Writes notes, one line each, and a status: one line that updates on a terminal, else at most one line a second. */
export class Terminal {
	readonly #stream: TextStream;
	readonly #clock: Clock;
	readonly #level: LogLevel;
	#status = "";
	#statusMs = Number.NEGATIVE_INFINITY;

	constructor(stream: TextStream, clock: Clock, level: LogLevel) {
		this.#stream = stream;
		this.#clock = clock;
		this.#level = level;
	}

	/** Something happened. */
	note(line: string): void {
		if (this.#level !== "error") this.#line(line);
	}

	/** Something that only helps to find a fault. */
	debug(line: string): void {
		if (this.#level === "debug") this.#line(line);
	}

	/** What ended the command. */
	error(line: string): void {
		this.#line(`moq: ${line}`);
	}

	/** How it goes. */
	status(line: string): void {
		if (this.#level === "error") return;
		if (this.#stream.isTTY === true) {
			this.#status = clip(line, this.#stream.columns);
			this.#stream.write(`\r${this.#status}${CLEAR_TO_END}`);
			return;
		}
		const nowMs = this.#clock.nowMs();
		// A timer may be early by a little.
		if (nowMs - this.#statusMs < STATUS_MS * 0.9) return;
		this.#statusMs = nowMs;
		this.#stream.write(`${line}\n`);
	}

	/** The status is not updated any more; what it says stays. */
	end(): void {
		if (this.#status !== "") this.#stream.write("\n");
		this.#status = "";
	}

	#line(line: string): void {
		if (this.#status === "") {
			this.#stream.write(`${line}\n`);
			return;
		}
		this.#stream.write(`\r${line}${CLEAR_TO_END}\n${this.#status}`);
	}
}

/** A status that wraps could not be overwritten. */
function clip(line: string, columns: number | undefined): string {
	// A terminal of no size, as in some containers, has not said.
	return columns === undefined || columns === 0 || line.length < columns
		? line
		: `${line.slice(0, Math.max(0, columns - 2))}…`;
}

const CLEAR_TO_END = "\u001b[K";
