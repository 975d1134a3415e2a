/**
 * The servers that are compared: ours, the engine alone, the kernel alone, the Rust relay, ours of another commit.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Cell } from "./cell.ts";
import { type CertificateFiles, certificateFiles } from "./certificate.ts";

/**
 * Names of the arms. `control` is ours once more: how far it is from `ours` is what a ratio must exceed to mean anything.
 * `base` is ours at the commit that `--against` names.
 */
export const ARMS = ["udp", "null", "control", "base", "ours", "rust"] as const;

/** One of the arms. */
export type ArmName = (typeof ARMS)[number];

/** A running server, or several in a row. */
export interface RunningArm {
	readonly pids: readonly number[];
	/** `host:port` of each relay, the publisher's first. */
	readonly addresses: readonly string[];
	/** `host:port` for wss, where the cell has viewers over it. */
	readonly webAddress: string;
	/** Sends media without MoQ headers, to whoever connects. */
	readonly raw: boolean;
	/** Speaks no QUIC. */
	readonly floor: boolean;
	/** End it and wait until it is gone. */
	stop(): Promise<void>;
}

/** The processor that servers are pinned to; load runs on the other. */
export const SERVER_CPU: number = Number(process.env["BENCH_SERVER_CPU"] ?? 0);

/** The processor of the load client. */
export const LOAD_CPU: number = Number(process.env["BENCH_LOAD_CPU"] ?? 1);

/** The project's folder. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

const LOAD_CLIENT = `${ROOT}bench/load/target/release/moq-load`;
/** How long a server may take until it listens, and until it is gone. */
const LISTEN_MS = 20_000;
const STOP_MS = 3000;
const POLL_MS = 50;

/** Where the commit that is compared with was built; undefined without `--against`. */
let base: string | undefined;

/** Say where `base` was built. */
export function useBase(folder: string): void {
	base = folder;
}

/** The Rust relay's binary: `REF_RELAY_BIN`, or what `npm run bench -- setup` installed. */
export function rustRelay(): string | undefined {
	const path = process.env["REF_RELAY_BIN"] ?? `${ROOT}bench/.cache/bin/moq-relay`;
	return existsSync(path) ? path : undefined;
}

/** Start an arm on free ports of loopback. @throws Error when it does not listen within 20 s. */
export async function startArm(name: ArmName, cell: Cell): Promise<RunningArm> {
	const servers: Server[] = [];
	try {
		for (let at = 0; at < cell.relays; at++) servers.push(await startServer(name, cell, servers.at(-1)?.port));
	} catch (error) {
		await Promise.all(servers.map((server) => stop(server.child)));
		throw error;
	}
	const host = (port: number): string => `127.0.0.1:${port}`;
	return {
		pids: servers.map((server) => server.child.pid as number),
		addresses: servers.map((server) => host(server.port)),
		webAddress: host((servers[0]?.port ?? 0) + 1),
		raw: name === "null",
		floor: name === "udp",
		stop: async () => {
			await Promise.all(servers.map((server) => stop(server.child)));
		},
	};
}

interface Server {
	readonly child: ChildProcess;
	readonly port: number;
}

async function startServer(name: ArmName, cell: Cell, parent: number | undefined): Promise<Server> {
	const port = 20_000 + 2 * Math.floor(Math.random() * 6000);
	const files = cell.load["web-viewers"] === undefined ? undefined : await certificateFiles();
	const words = command(name, port, { cell, parent, files });
	const child = spawn("taskset", ["-c", String(SERVER_CPU), ...words], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, TOKIO_WORKER_THREADS: "1", RUST_LOG: "warn" },
	});
	await listening(child, port, collect(child));
	await atRest(child.pid as number);
	return { child, port };
}

interface Circumstances {
	readonly cell: Cell;
	/** Port of the relay before it. */
	readonly parent: number | undefined;
	/** For wss, where it is wanted. */
	readonly files: CertificateFiles | undefined;
}

function command(name: ArmName, port: number, { cell, parent, files }: Circumstances): string[] {
	const address = `127.0.0.1:${port}`;
	const open = ["--server-bind", address, "--tls-generate", "localhost", "--auth-public", "", "--log-level", "warn"];
	open.push(...cell.server);
	if (parent !== undefined)
		open.push("--cluster-connect", `https://127.0.0.1:${parent}`, "--client-tls-disable-verify=true");
	if (files !== undefined) {
		const [cert, key] = [files.certificate, files.key];
		open.push("--web-https-listen", `127.0.0.1:${port + 1}`, "--web-https-cert", cert, "--web-https-key", key);
	}
	const shape = [cell.fps, cell.frameBytes, cell.groupFrames].map(String);
	switch (name) {
		case "ours":
		case "control":
			return [process.execPath, `${ROOT}packages/relay/dist/main.js`, ...open, ...cell.ours];
		case "base":
			return [process.execPath, `${base ?? ROOT}/packages/relay/dist/main.js`, ...open, ...cell.ours];
		case "rust":
			return [rustRelay() ?? "moq-relay", ...open, "--server-quic-max-streams", "1024"];
		case "null":
			return [process.execPath, "-C", "source", `${ROOT}bench/src/null-arm.ts`, String(port), ...shape];
		case "udp":
			return [LOAD_CLIENT, "floor-serve", "--address", address, ...floorShape(cell)];
	}
}

function floorShape(cell: Cell): string[] {
	return ["--fps", String(cell.fps), "--frame", String(cell.frameBytes), "--group", String(cell.groupFrames)];
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
	const hex = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
	for (let waited = 0; waited < LISTEN_MS; waited += POLL_MS) {
		if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}: ${said()}`);
		if (["udp", "udp6"].some((file) => readFileSync(`/proc/net/${file}`, "utf8").includes(hex))) return;
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
	child.kill("SIGKILL");
	throw new Error(`the server does not listen: ${said()}`);
}

/** Wait until a server has started all of itself (threads, workers), or its memory would count as its viewers'. */
async function atRest(pid: number): Promise<void> {
	let before = -1;
	for (let tries = 0; tries < 10; tries++) {
		const now = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
		if (Math.abs(now - before) < 256) return;
		before = now;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGTERM");
	const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
	await gone;
	clearTimeout(late);
}
