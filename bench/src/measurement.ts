/**
 * One run of the load client against one arm, and whether its numbers may be printed.
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ArmName, LOAD_CPU, type RunningArm, startArm } from "./arm.ts";
import type { Cell } from "./cell.ts";
import { derived } from "./derived.ts";
import { refusals } from "./gate.ts";

/** What the load client prints, and what follows from it; times in ms, shares of one core. */
export type Numbers = Readonly<Record<string, number>>;

/** One second of a window: frames, p50, p99 and highest latency in ms, the server's resident KB, its CPU in µs. */
export type Second = readonly [number, number, number, number, number, number];

/** One run. */
export interface Measurement {
	readonly cell: Cell;
	readonly arm: ArmName;
	/** Which round of the cell; ratios are of runs of one round. */
	readonly round: number;
	readonly numbers: Numbers;
	readonly bySecond: readonly Second[];
	/** Why the numbers are not valid; empty when they are. */
	readonly refusals: readonly string[];
	/** What the server did wrong, such as losing a viewer; undefined when nothing. Such a run is not repeated. */
	readonly failure: string | undefined;
}

/** The load client that `npm run bench` built. */
export const LOAD_CLIENT: string = fileURLToPath(new URL("../load/target/release/moq-load", import.meta.url));

const run = promisify(execFile);
/** A run that prints more than this is broken. */
const OUTPUT_BYTES_MAX = 16 << 20;

/** Start the arm, load it, stop it. */
export async function measure(arm: ArmName, cell: Cell, round: number): Promise<Measurement> {
	const about = { cell, arm, round };
	let server: RunningArm | undefined;
	try {
		server = await startArm(arm, cell);
		const words = ["-c", String(LOAD_CPU), LOAD_CLIENT, ...loadArguments(server, cell)];
		const { stdout } = await run("taskset", words, { maxBuffer: OUTPUT_BYTES_MAX });
		const { by_second, ...plain } = JSON.parse(stdout) as Record<string, number> & { by_second: readonly Second[] };
		const numbers = { ...plain, ...derived(plain, by_second, cell) };
		return { ...about, numbers, bySecond: by_second, refusals: refusals(numbers, cell), failure: undefined };
	} catch (error) {
		const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
		return { ...about, numbers: {}, bySecond: [], refusals: [], failure: said.trim() };
	} finally {
		await server?.stop();
	}
}

function loadArguments(server: RunningArm, cell: Cell): string[] {
	const flags: Record<string, string | number | boolean> = {
		address: server.addresses.at(-1) ?? "",
		"publish-address": server.addresses[0] ?? "",
		transport: cell.transport === "webtransport" ? "webtransport" : "quic",
		viewers: cell.viewers,
		fps: cell.fps,
		frame: cell.frameBytes,
		group: cell.groupFrames,
		settle: cell.settleSeconds,
		window: cell.windowSeconds,
		"server-pid": server.pids.join(","),
		raw: server.raw,
		...cell.load,
	};
	if (cell.firstBytes !== undefined) flags["first"] = cell.firstBytes;
	if (cell.load["web-viewers"] !== undefined) flags["web-address"] = server.webAddress;
	const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
	return server.floor ? ["floor-view", ...words] : words;
}

/** Whether the numbers may be used. */
export function isValid(run: Measurement): boolean {
	return run.failure === undefined && run.refusals.length === 0;
}
