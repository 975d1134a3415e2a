/**
 * A peer process as a test sees it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { PeerTask } from "./peer.ts";
import type { PeerEvent } from "./peer-event.ts";

/** A line of a peer process: which of its peers said what. */
export type PeerLine = PeerEvent & { readonly peer: string };

/** One running process; ends when disposed. */
export class PeerProcess implements AsyncDisposable {
	/** Everything said so far. */
	readonly lines: PeerLine[] = [];
	readonly #child: ChildProcess;
	readonly #exited: Promise<unknown>;
	#wake: () => void = () => {};
	#over = false;

	constructor(task: PeerTask) {
		const script = fileURLToPath(new URL("./peer.ts", import.meta.url));
		this.#child = spawn(process.execPath, ["-C", "source", "--no-warnings", script, JSON.stringify(task)], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		// Not "exit": what it has said must be here too.
		this.#exited = once(this.#child, "close").then(() => {
			this.#over = true;
			this.#wake();
		});
		// It may be dead when it is told to end.
		this.#child.stdin?.on("error", () => {});
		if (this.#child.stdout === null) throw new Error("no standard output");
		createInterface({ input: this.#child.stdout }).on("line", (line) => {
			this.lines.push(JSON.parse(line) as PeerLine);
			this.#wake();
		});
	}

	/** Say a line to the process. */
	tell(line: string): void {
		this.#child.stdin?.write(`${line}\n`);
	}

	/**
	 * Wait until `condition` holds for what was said.
	 * @throws Error when a peer failed, the process ended, or `deadlineMs` passed.
	 */
	async until(
		what: string,
		condition: (lines: readonly PeerLine[]) => boolean,
		deadlineMs = DEADLINE_MS,
	): Promise<void> {
		const { promise: expired, reject } = Promise.withResolvers<never>();
		const timer = setTimeout(
			() => reject(new Error(`no ${what} after ${deadlineMs} ms; last: ${this.#last()}`)),
			deadlineMs,
		);
		try {
			while (!condition(this.lines)) {
				const failure = this.lines.find((line) => line.event === "failed" || line.event === "closed");
				if (failure !== undefined) throw new Error(`${failure.peer} ${failure.event}: ${failure.error}; no ${what}`);
				if (this.#over) throw new Error(`the process ended before ${what}; last: ${this.#last()}`);
				await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), expired]);
			}
		} finally {
			clearTimeout(timer);
		}
	}

	/** "SIGKILL" ends it without a word to its relay, "SIGSTOP" leaves its connection open and silent. */
	signal(signal: "SIGKILL" | "SIGSTOP"): void {
		this.#child.kill(signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.tell("end");
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), KILL_MS);
		await this.#exited;
		clearTimeout(timer);
	}

	#last(): string {
		return JSON.stringify(this.lines.slice(-3));
	}
}

const TIME_SCALE = Math.max(1, Number(process.env["TIME_SCALE"] ?? "1") || 1);

/** A hang, not a speed: nothing here takes a tenth of it. */
const DEADLINE_MS = 60_000 * TIME_SCALE;
const KILL_MS = 5000 * TIME_SCALE;
