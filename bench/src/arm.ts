/**
 * The servers that are compared: ours, the engine alone, and the Rust relay.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Names of the arms. */
export const ARMS = ["ours", "null", "rust"] as const;

/** One of the arms. */
export type ArmName = (typeof ARMS)[number];

/** What the arm is to serve; only the null arm, which has no publisher, looks at it. */
export interface ArmLoad {
	readonly fps: number;
	readonly frameBytes: number;
	readonly groupFrames: number;
}

/** A running server. */
export interface RunningArm {
	readonly pid: number;
	readonly port: number;
	/** End it and wait until it is gone. */
	stop(): Promise<void>;
}

/** The processor that servers are pinned to; load runs on the other. */
export const SERVER_CPU = 0;

/** The processor of the load client. */
export const LOAD_CPU = 1;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The Rust relay's binary: `REF_RELAY_BIN`, or what `npm run bench -- setup` installed. */
export function rustRelay(): string | undefined {
	const path = process.env["REF_RELAY_BIN"] ?? `${root}bench/.cache/bin/moq-relay`;
	return existsSync(path) ? path : undefined;
}

/** Start an arm on a free port of loopback. @throws Error when it does not say that it listens within 20 s. */
export async function startArm(name: ArmName, load: ArmLoad): Promise<RunningArm> {
	const port = 20_000 + Math.floor(Math.random() * 20_000);
	const child = spawn("taskset", ["-c", String(SERVER_CPU), ...command(name, port, load)], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, TOKIO_WORKER_THREADS: "1", RUST_LOG: "warn" },
	});
	const said = collect(child);
	await listening(child, port, said);
	return { pid: child.pid as number, port, stop: () => stop(child) };
}

function command(name: ArmName, port: number, load: ArmLoad): string[] {
	const address = `127.0.0.1:${port}`;
	const open = ["--server-bind", address, "--tls-generate", "localhost", "--auth-public", "", "--log-level", "warn"];
	switch (name) {
		case "ours":
			return [process.execPath, `${root}packages/relay/dist/main.js`, ...open];
		case "rust":
			return [rustRelay() ?? "moq-relay", ...open, "--server-quic-max-streams", "1024"];
		case "null": {
			const shape = [load.fps, load.frameBytes, load.groupFrames].map(String);
			return [process.execPath, "-C", "source", `${root}bench/src/null-arm.ts`, String(port), ...shape];
		}
	}
}

function collect(child: ChildProcess): () => string {
	let said = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on("data", (chunk: Buffer) => {
			said = (said + chunk.toString()).slice(-4000);
		});
	}
	return () => said;
}

/** All arms bind UDP; the port shows in /proc once they do. */
async function listening(child: ChildProcess, port: number, said: () => string): Promise<void> {
	const { readFileSync } = await import("node:fs");
	const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
	for (let tries = 0; tries < 400; tries++) {
		if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}: ${said()}`);
		if (["udp", "udp6"].some((file) => readFileSync(`/proc/net/${file}`, "utf8").includes(hex))) return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	child.kill("SIGKILL");
	throw new Error(`the server does not listen: ${said()}`);
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGTERM");
	const late = setTimeout(() => child.kill("SIGKILL"), 3000);
	await gone;
	clearTimeout(late);
}
