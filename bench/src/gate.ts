/**
 * The gates: a number that fails one says something about the instrument, not about the relay.
 * @module
 */
import type { Cell } from "./cell.ts";

/** What the host may take from us, as a share of its processors. */
const STEAL_MAX = 0.03;
/** What other processes may use, as a share of one core; CPU is counted in ticks of 10 ms, so that it is never quite 0. */
const FOREIGN_MAX = 0.1;
/** The load client's share of its core, above which it and not the relay is measured; less where latency is the subject. */
const LOAD_MAX = 0.95;
const LOAD_MAX_LATENCY = 0.7;
/** How late the publisher may be at the 99th percentile, in ms. */
const LATE_MAX_MS = 2;
const DELIVERED_MIN = 0.999;

/** Why the numbers of a run are not valid; empty when they are. */
export function refusals(
	numbers: Readonly<Record<string, number>>,
	cell: Pick<Cell, "about" | "lossy" | "windowSeconds">,
): string[] {
	const at = (name: string): number => numbers[name] ?? Number.NaN;
	const percent = (name: string): string => `${(at(name) * 100).toFixed(1)} %`;
	const loadMax = cell.about === "latency" ? LOAD_MAX_LATENCY : LOAD_MAX;
	const gates: (readonly [boolean, string])[] = [
		[at("seconds") >= cell.windowSeconds * 0.99, `the window was cut to ${at("seconds")} s`],
		[at("receive_errors") === 0, `the kernel dropped ${at("receive_errors")} datagrams for want of a buffer`],
		[at("steal_share") < STEAL_MAX, `the host took ${percent("steal_share")} of the processors`],
		[at("foreign_cpu_share") < FOREIGN_MAX, `other processes used ${percent("foreign_cpu_share")} of a core`],
		[at("load_cpu_share") < loadMax, `the load client used ${percent("load_cpu_share")} of its core`],
		[at("publisher_late_p99_ms") < LATE_MAX_MS, `the publisher was late by ${at("publisher_late_p99_ms")} ms (p99)`],
	];
	if (!cell.lossy) {
		// A window cuts each viewer's stream somewhere between two frames: one frame each is no loss.
		const offered = at("frames") / at("delivered_share");
		const whole = at("delivered_share") === 1 || at("frames") + at("connections") >= DELIVERED_MIN * offered;
		gates.push([whole, `only ${(at("delivered_share") * 100).toFixed(2)} % was delivered`]);
	}
	return gates.filter(([holds]) => !holds).map(([, why]) => why);
}
