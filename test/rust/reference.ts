/**
 * The Rust programs: `moq-relay` and `moq`. `npm run interop` installs them and says where they are.
 * @module
 */
import { execFileSync } from "node:child_process";
import type { Readable } from "node:stream";
import { freePort } from "../relay-process.ts";
import { eventually } from "./eventually.ts";
import { Program } from "./program.ts";

/** The Rust relay, open to everyone unless the flags say otherwise. */
export class ReferenceRelay implements AsyncDisposable {
	readonly port: number;
	readonly #program: Program;

	constructor(port: number, program: Program) {
		this.port = port;
		this.#program = program;
	}

	/** Start on a free port of loopback, UDP and TCP. */
	static async start(flags: readonly string[] = ["--auth-public", ""]): Promise<ReferenceRelay> {
		const port = await freePort();
		const address = `127.0.0.1:${port}`;
		const own = ["--server-bind", address, "--tls-generate", "localhost", "--web-http-listen", address];
		const args = [...own, "--log-level", "info", "--client-tls-disable-verify=true", ...flags];
		const program = new Program({ name: "Rust relay", command: binary("REF_RELAY_BIN"), args });
		const relay = new ReferenceRelay(port, program);
		await eventually(async () => {
			if (program.isOver) throw new Error(`the Rust relay ended: ${program.log.join("\n")}`);
			const answer = await fetch(`http://localhost:${port}/certificate.sha256`);
			if (!answer.ok) throw new Error(`the Rust relay answers ${answer.status}`);
		});
		return relay;
	}

	get log(): readonly string[] {
		return this.#program.log;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#program.stop("SIGKILL");
	}
}

/** What the Rust client dials; each is a transport of its own, `http` one whose certificate is pinned. */
export type RustScheme = "https" | "moqt" | "moql" | "wss" | "ws" | "http";

/** What the Rust client is asked to do. */
export interface ReferenceTask {
	readonly url: URL;
	readonly broadcast: string;
	/** Further options, before the verb. */
	readonly flags?: readonly string[];
}

/** `moq import fmp4`: publish what comes in, until the input is ended. */
export function importClip(task: ReferenceTask, input: Readable): Program {
	return client(task, { name: `Rust publisher ${task.url.protocol}`, verb: ["import", "fmp4"], input });
}

/** `moq export fmp4`: record a broadcast. */
export function exportClip(task: ReferenceTask, output: string): Program {
	// A busy machine must not look like a relay that loses groups.
	const patience = ["--latency-max", "30s"];
	const verb = ["export", "fmp4", "--fragment-duration", `${FRAGMENT_MS}ms`, ...patience];
	return client(task, { name: `Rust viewer ${task.url.protocol}`, verb, output });
}

/** `moq token`: what it prints. @throws Error when it fails */
export function referenceToken(args: readonly string[], input: string = ""): string {
	return execFileSync(binary("REF_MOQ_BIN"), ["token", ...args], { input, encoding: "utf8", stdio: "pipe" });
}

function client(
	{ url, broadcast, flags = [] }: ReferenceTask,
	{ name, verb, ...rest }: { name: string; verb: readonly string[]; input?: Readable; output?: string },
): Program {
	const connect = ["--client-connect", url.href, "--client-tls-disable-verify=true", "--log-level", "debug"];
	// A scheme names a transport here; the race would hide a transport that fails.
	const alone = /^https?:$/.test(url.protocol) ? ["--websocket-delay", "30s"] : [];
	const args = [...connect, ...alone, ...flags, "--broadcast", broadcast, ...verb];
	return new Program({ name, command: binary("REF_MOQ_BIN"), args, ...rest });
}

function binary(variable: "REF_RELAY_BIN" | "REF_MOQ_BIN"): string {
	const path = process.env[variable];
	if (path === undefined || path === "") throw new Error(`${variable} is not set; "npm run interop" sets it`);
	return path;
}

/** Length of the fragments that the Rust viewer writes, in ms; what is in an unfinished one is lost at the end. */
export const FRAGMENT_MS: number = 200;
