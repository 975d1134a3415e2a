/**
 * Our programs, from source: `moq publish`, `moq subscribe` and `moq-token`.
 * @module
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Program } from "./program.ts";

/** How our client gets to a relay. */
export type OwnTransport = "webtransport" | "quic" | "websocket";

/** What our client is asked to do. */
export interface OwnTask {
	readonly url: URL;
	readonly broadcast: string;
	readonly transport: OwnTransport;
	/** Further options. */
	readonly flags?: readonly string[];
}

/** `moq publish FILE`: ends by itself when all of it is delivered. */
export function publishClip(task: OwnTask, file: string): Program {
	return client("publish", task, [file]);
}

/** `moq subscribe -o FILE`: ends by itself when the broadcast ends well. */
export function subscribeClip(task: OwnTask, file: string): Program {
	return client("subscribe", task, ["-o", file]);
}

/** `moq-token`: what it prints. @throws Error when it fails */
export function ownToken(args: readonly string[], input: string = ""): string {
	const command = ["-C", "source", TOKEN_MAIN, ...args];
	return execFileSync(process.execPath, command, { input, encoding: "utf8", stdio: "pipe" });
}

function client(verb: string, { url, broadcast, transport, flags = [] }: OwnTask, rest: readonly string[]): Program {
	const connect = ["--url", url.href, "--name", broadcast, "--transport", transport, "--tls-disable-verify"];
	const args = ["-C", "source", MAIN, verb, ...connect, "--log-level", "debug", ...flags, ...rest];
	return new Program({ name: `our ${verb} over ${transport}`, command: process.execPath, args });
}

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const TOKEN_MAIN = fileURLToPath(new URL("../../packages/token/src/main.ts", import.meta.url));
