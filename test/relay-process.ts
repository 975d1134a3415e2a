/** The real relay in a process of its own, as users start it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { boundSocket, UdpGate } from "./udp-gate.ts";

const MAIN = fileURLToPath(new URL("../packages/relay/src/main.ts", import.meta.url));

/** How long a start may take before it counts as failed, in ms; generous, since tests share the machine. */
const START_MS = 60_000;
/** How often another free port is tried when somebody was faster. */
const PORTS_TRIED = 5;

/** How to start it, beyond the flags. */
export interface RelayPlace {
	/** TCP and UDP port; a free one unless given. */
	readonly port?: number;
	/** "gated": a `UdpGate` stands before the UDP port, shut at first. */
	readonly udp?: "open" | "gated";
	/** Flags for Node itself. */
	readonly node?: readonly string[];
}

/** A running relay. */
export class RelayProcess {
	readonly port: number;
	readonly #child: ChildProcess;
	readonly #lines: string[];
	#isOver = false;
	/** What stands before the UDP port, if anything. */
	readonly gate: UdpGate | undefined;

	constructor(child: ChildProcess, port: number, gate: UdpGate | undefined) {
		this.#child = child;
		this.port = port;
		this.gate = gate;
		this.#lines = [];
		for (const input of [child.stdout, child.stderr]) {
			if (input !== null) createInterface({ input }).on("line", (line) => this.#lines.push(line));
		}
		// Not "exit": what it has said must be here too.
		child.once("close", () => {
			this.#isOver = true;
		});
	}

	/** Start on a port of loopback, UDP and TCP, open to everyone unless the flags say otherwise. */
	static async start(flags: readonly string[] = ["--auth-public", ""], place: RelayPlace = {}): Promise<RelayProcess> {
		for (let tries = 1; ; tries++) {
			const relay = await RelayProcess.#launch(flags, place);
			if (await relay.#ready()) return relay;
			relay.gate?.close();
			// A free port is free until another process, perhaps another test's, takes it.
			const isTaken = place.port === undefined && relay.#lines.some((line) => line.includes("the port is in use"));
			if (!isTaken || tries === PORTS_TRIED) throw new Error(`the relay does not start: ${relay.#lines.join("\n")}`);
		}
	}

	static async #launch(flags: readonly string[], place: RelayPlace): Promise<RelayProcess> {
		const port = place.port ?? (await freePort());
		const quic = place.udp === "gated" ? await freePort() : port;
		const gate = place.udp === "gated" ? await UdpGate.start(port, quic) : undefined;
		const own = ["--server-bind", `127.0.0.1:${quic}`, "--web-http-listen", `127.0.0.1:${port}`];
		const names = flags.includes("--tls-cert") ? [] : ["--tls-generate", "localhost,127.0.0.1"];
		const args = [...(place.node ?? []), "-C", "source", MAIN, ...own, ...names, ...flags];
		return new RelayProcess(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] }), port, gate);
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
		return new URL(path, `http://127.0.0.1:${this.port}`);
	}

	/** End it as an operator would; the exit code. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
		this.gate?.close();
		if (this.#isOver) return this.#child.exitCode;
		const exit = new Promise<number | null>((resolve) => this.#child.once("close", resolve));
		this.#child.kill(signal);
		return exit;
	}

	/** Whether it says that it is ready, rather than end. What answers on its port might be somebody else's relay. */
	async #ready(): Promise<boolean> {
		const deadline = performance.now() + START_MS;
		while (!this.#lines.some((line) => line.includes('"relay.ready"'))) {
			if (this.#isOver) return false;
			if (performance.now() > deadline) await this.stop("SIGKILL");
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		return true;
	}
}

/** A port of loopback that is free now for UDP and TCP. */
export async function freePort(): Promise<number> {
	for (;;) {
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const address = server.address();
		const port = typeof address === "object" ? (address?.port ?? 0) : 0;
		const socket = await boundSocket(port).catch(() => undefined); // taken for UDP: another one
		await new Promise<void>((resolve) => server.close(() => resolve()));
		if (socket === undefined) continue;
		await new Promise<void>((resolve) => socket.close(() => resolve()));
		return port;
	}
}
