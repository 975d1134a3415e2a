/**
 * A program that a crossing runs: whose it is does not matter, only what it says and how it ends.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";

/** How a program is started. */
export interface ProgramOptions {
	/** For failure messages. */
	readonly name: string;
	readonly command: string;
	readonly args: readonly string[];
	/** Its standard input, which stays open after this ends; without it there is none. */
	readonly input?: Readable;
	/** File that gets its standard output; without it, the log does. */
	readonly output?: string;
}

/** A running program; killed when disposed. */
export class Program implements AsyncDisposable {
	readonly name: string;
	readonly #child: ChildProcess;
	readonly #log: string[] = [];
	readonly #exited: Promise<number | null>;

	constructor({ name, command, args, input, output }: ProgramOptions) {
		this.name = name;
		this.#child = spawn(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
		const { promise, resolve } = Promise.withResolvers<number | null>();
		this.#exited = promise;
		this.#child.once("error", (error) => {
			this.#log.push(error.message);
			resolve(null);
		});
		// Not "exit": what it has said must be here too, and its output in the file.
		const written = output === undefined ? undefined : this.#write(output);
		this.#child.once("close", (code) => void Promise.allSettled([written]).then(() => resolve(code)));
		if (output === undefined) this.#keep(this.#child.stdout);
		this.#keep(this.#child.stderr);
		// However a program ends, its input may still come.
		this.#child.stdin?.on("error", () => {});
		if (input === undefined || this.#child.stdin === null) return;
		input.pipe(this.#child.stdin, { end: false });
		// Else what fills the input waits for ever on a program that is gone.
		this.#child.once("close", () => input.unpipe().resume());
	}

	/** What it said, a line each, without colours. */
	get log(): readonly string[] {
		return this.#log;
	}

	get isOver(): boolean {
		return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
	}

	/** End of its input. */
	endInput(): void {
		this.#child.stdin?.end();
	}

	/** Its exit code; null when a signal ended it. */
	exited(): Promise<number | null> {
		return this.#exited;
	}

	/** Ask it to end, as a user would; resolves with its exit code. */
	async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
		if (!this.isOver) this.#child.kill(signal);
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), KILL_MS);
		const code = await this.#exited;
		clearTimeout(timer);
		return code;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop("SIGTERM");
	}

	async #write(output: string): Promise<void> {
		if (this.#child.stdout !== null) await pipeline(this.#child.stdout, createWriteStream(output));
	}

	#keep(stream: Readable | null): void {
		let rest = "";
		stream?.setEncoding("utf8").on("data", (text: string) => {
			const lines = `${rest}${text}`.split("\n");
			rest = lines.pop() ?? "";
			this.#log.push(...lines.filter((line) => line !== "").map((line) => stripVTControlCharacters(line)));
			if (this.#log.length > LOG_LINES_MAX) this.#log.splice(0, this.#log.length - LOG_LINES_MAX);
		});
	}
}

/** Lines that are kept of each program. */
const LOG_LINES_MAX = 400;

/** How long a program may take to obey, in ms: a hang, not a speed. */
const KILL_MS = 30_000;
