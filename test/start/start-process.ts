/** `npm start` in a process group of its own, as a terminal runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Longest wait for anything, in ms: far above what any machine needs, so that only a hang meets it. */
const HANG_MS = 120_000;

/** A running `npm start`. */
export class StartProcess {
	readonly #child: ChildProcess;
	readonly #exit: Promise<number | string | null>;
	#output = "";

	constructor(flags: readonly string[]) {
		this.#child = spawn("npm", ["start", "--", ...flags], {
			cwd: ROOT,
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => {
				this.#output += text;
			});
		}
		// Not "exit": what it has said must be here too.
		this.#exit = new Promise((resolve) => this.#child.once("close", (code, signal) => resolve(code ?? signal)));
	}

	/** All that it has said. */
	get output(): string {
		return this.#output;
	}

	/** As Ctrl-C in a terminal does. */
	signalGroup(signal: NodeJS.Signals): void {
		process.kill(-this.#pid, signal);
	}

	/** To npm alone, as a supervisor does. */
	signalNpm(signal: NodeJS.Signals): void {
		process.kill(this.#pid, signal);
	}

	/** Wait until it has said what matches. */
	async says(pattern: RegExp): Promise<void> {
		const endMs = performance.now() + HANG_MS;
		while (!pattern.test(this.#output)) {
			if (performance.now() > endMs) throw new Error(`no ${pattern} in:\n${this.#output}`);
			if (this.#child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.#output}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	/** Its exit code, or the signal that ended it, once it and all that wrote to its output have ended. */
	async ended(): Promise<number | string | null> {
		const hang = Promise.withResolvers<never>();
		const timer = setTimeout(() => hang.reject(new Error(`it does not end:\n${this.#output}`)), HANG_MS);
		try {
			return await Promise.race([this.#exit, hang.promise]);
		} finally {
			clearTimeout(timer);
		}
	}

	/** Whatever happened: leave nothing behind. */
	abandon(): void {
		if (this.#child.exitCode === null && this.#child.signalCode === null) this.signalGroup("SIGKILL");
	}

	get #pid(): number {
		if (this.#child.pid === undefined) throw new Error("npm could not be started");
		return this.#child.pid;
	}
}

/** Processes of this machine whose command line contains `text`. */
export function processesWith(text: string): { readonly pid: number; readonly command: string }[] {
	const found: { pid: number; command: string }[] = [];
	for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
		try {
			const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
			if (command.includes(text)) found.push({ pid: Number(name), command });
		} catch {
			// it ended while we looked
		}
	}
	return found;
}
