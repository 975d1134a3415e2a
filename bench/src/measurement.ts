/**
 * One run of the load client against one arm, and whether its numbers may be printed.
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ArmName, LOAD_CPU, startArm } from "./arm.ts";

/** What is offered, to how many, over what. */
export interface Cell {
	readonly id: string;
	readonly viewers: number;
	readonly transport: "quic" | "webtransport";
	readonly fps: number;
	readonly frameBytes: number;
	readonly groupFrames: number;
	readonly settleSeconds: number;
	readonly windowSeconds: number;
}

/** What the load client prints; times in ms, shares of one core. */
export type Numbers = Readonly<Record<string, number>>;

/** One run. */
export interface Measurement {
	readonly cell: Cell;
	readonly arm: ArmName;
	readonly numbers: Numbers;
	/** Why the numbers are not valid; empty when they are. */
	readonly refusals: readonly string[];
}

/** The load client that `npm run bench` built. */
export const LOAD_CLIENT: string = fileURLToPath(new URL("../load/target/release/moq-load", import.meta.url));

const run = promisify(execFile);

/** Start the arm, load it, stop it. @throws Error when a byte was not as published, or a viewer was lost. */
export async function measure(arm: ArmName, cell: Cell): Promise<Measurement> {
	const server = await startArm(arm, cell);
	try {
		const flags = {
			address: `127.0.0.1:${server.port}`,
			transport: cell.transport,
			viewers: cell.viewers,
			fps: cell.fps,
			frame: cell.frameBytes,
			group: cell.groupFrames,
			settle: cell.settleSeconds,
			window: cell.windowSeconds,
			"server-pid": server.pid,
			raw: arm === "null",
		};
		const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
		const { stdout } = await run("taskset", ["-c", String(LOAD_CPU), LOAD_CLIENT, ...words]);
		const numbers = JSON.parse(stdout) as Numbers;
		return { cell, arm, numbers, refusals: refusals(numbers) };
	} catch (error) {
		const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
		throw new Error(`${arm}, ${cell.id}: ${said.trim()}`, { cause: error });
	} finally {
		await server.stop();
	}
}

/** The gates: a number that fails one says something about the instrument, not about the relay. */
export function refusals(numbers: Numbers): string[] {
	const at = (name: string): number => numbers[name] ?? Number.NaN;
	const gates: readonly (readonly [boolean, string])[] = [
		// A window cuts each viewer's stream somewhere between two frames: one frame each is no loss.
		[
			at("frames") + at("viewers") >= (0.999 * at("frames")) / at("delivered_share"),
			`only ${(at("delivered_share") * 100).toFixed(2)} % was delivered`,
		],
		[at("receive_errors") === 0, `the kernel dropped ${at("receive_errors")} datagrams for want of a buffer`],
		[at("steal_share") < 0.03, `the host took ${(at("steal_share") * 100).toFixed(1)} % of the processors`],
		[at("load_cpu_share") < 0.95, `the load client used ${(at("load_cpu_share") * 100).toFixed(0)} % of its core`],
		[at("publisher_late_p99_ms") < 2, `the publisher was late by ${at("publisher_late_p99_ms")} ms (p99)`],
	];
	return gates.filter(([holds]) => !holds).map(([, why]) => why);
}
