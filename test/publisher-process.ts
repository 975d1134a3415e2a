/** `moq publish` with the shipped clip in a loop, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));

/** The clip that `npm start` shows. */
export const CLIP: string = fileURLToPath(new URL("../examples/clip.mp4", import.meta.url));

/** A running publisher. */
export class PublisherProcess {
	readonly #child: ChildProcess;
	readonly #lines: string[] = [];

	/** Begin to publish `name` at a relay's URL. */
	constructor(url: URL, name: string) {
		const args = ["-C", "source", MAIN, "publish", "--url", url.href, "--name", name, "--loop", CLIP];
		this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
		for (const input of [this.#child.stdout, this.#child.stderr]) {
			if (input !== null) createInterface({ input }).on("line", (line) => this.#lines.push(line));
		}
	}

	/** Everything it has said, a line each. */
	get log(): readonly string[] {
		return this.#lines;
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** End it; resolves when it is gone. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const exit = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
		this.#child.kill(signal);
		await exit;
	}
}
