/** The real relay in a process of its own, as users start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../packages/relay/src/main.ts", import.meta.url));

/** How long a start may take before it counts as failed, in ms; generous, since tests share the machine. */
const START_MS = 30_000;

/** A running relay. */
export class RelayProcess {
	readonly port: number;
	readonly #child: ChildProcess;
	readonly #lines: string[];

	constructor(child: ChildProcess, port: number, lines: string[]) {
		this.#child = child;
		this.port = port;
		this.#lines = lines;
	}

	/** Start on a free port of loopback, UDP and TCP, open to everyone unless the flags say otherwise. */
	static async start(flags: readonly string[] = ["--auth-public", ""]): Promise<RelayProcess> {
		const port = await freePort();
		const address = `127.0.0.1:${port}`;
		const own = ["--server-bind", address, "--tls-generate", "localhost,127.0.0.1", "--web-http-listen", address];
		const child = spawn(process.execPath, ["-C", "source", MAIN, ...own, ...flags], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		const lines: string[] = [];
		for (const stream of [child.stdout, child.stderr]) {
			stream
				?.setEncoding("utf8")
				.on("data", (text: string) => lines.push(...text.split("\n").filter((line) => line !== "")));
		}
		const relay = new RelayProcess(child, port, lines);
		await relay.#answering();
		return relay;
	}

	/** Everything it has logged, a line each. */
	get log(): readonly string[] {
		return this.#lines;
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** The address for clients; `http:` makes them pin the certificate. */
	url(path: string): URL {
		return new URL(path, `http://localhost:${this.port}`);
	}

	/** End it as an operator would; the exit code. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
		const exit = new Promise<number | null>((resolve) => this.#child.once("exit", resolve));
		this.#child.kill(signal);
		return exit;
	}

	async #answering(): Promise<void> {
		const deadline = performance.now() + START_MS;
		while (performance.now() < deadline) {
			if (this.#child.exitCode !== null) throw new Error(`the relay ended: ${this.#lines.join("\n")}`);
			const answer = await fetch(this.url("/health")).catch(() => undefined);
			if (answer?.ok === true) return;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		await this.stop("SIGKILL");
		throw new Error(`the relay does not answer: ${this.#lines.join("\n")}`);
	}
}

/** A UDP port that is free now. */
export async function freePort(): Promise<number> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
	const { port } = socket.address();
	await new Promise<void>((resolve) => socket.close(() => resolve()));
	return port;
}
