/**
 * One line per target of a cell: met, missed, or why nobody can say.
 * @module
 */
import type { ArmName } from "./arm.ts";
import type { Target } from "./cell.ts";
import { isValid, type Measurement } from "./measurement.ts";
import { geometricMean, median, spread } from "./statistics.ts";

/** What came of one target. */
export interface Verdict {
	readonly target: Target;
	/** Ratios by round, or values by run. */
	readonly values: readonly number[];
	readonly median: number;
	/** Undefined when there is nothing to judge. */
	readonly met: boolean | undefined;
}

/** Ratios of one arm to another, round by round; rounds in which one of them has no valid run are left out. */
export function ratios(runs: readonly Measurement[], between: { arm: ArmName; to: ArmName; number: string }): number[] {
	const value = (arm: ArmName, round: number): number | undefined =>
		runs.find((run) => run.arm === arm && run.round === round && isValid(run))?.numbers[between.number];
	const out: number[] = [];
	for (const round of new Set(runs.map((run) => run.round))) {
		const [a, b] = [value(between.arm, round), value(between.to, round)];
		if (a === undefined || b === undefined) continue;
		// A cost that is below nothing is noise of a difference, and no ratio.
		if (a >= 0 && b > 0) out.push(a / b);
		else if (a === 0 && b === 0) out.push(1);
	}
	return out;
}

/** Judge a target by the runs of one cell. */
export function judge(runs: readonly Measurement[], target: Target): Verdict {
	const values =
		target.to === undefined
			? runs.filter((run) => run.arm === "ours" && isValid(run)).flatMap((run) => run.numbers[target.number] ?? [])
			: ratios(runs, { arm: "ours", to: target.to, number: target.number });
	const middle = median(values);
	const good = middle <= (target.atMost ?? Infinity) && middle >= (target.atLeast ?? -Infinity);
	return { target, values, median: middle, met: values.length === 0 ? undefined : good };
}

/** The verdict in one line. */
export function sentence(verdict: Verdict, runs: readonly Measurement[]): string {
	const { target, values } = verdict;
	const what = target.to === undefined ? target.number : `${target.number}, ours / ${target.to}`;
	const wanted = target.atMost === undefined ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
	if (values.length === 0) {
		const failed = runs.some((run) => run.failure !== undefined && run.arm === "ours");
		const tried = runs.some((run) => run.arm === (target.to ?? "ours"));
		return `**${failed ? "FAILED" : "not run"}** ${what} ${wanted}${tried && !failed ? ": no valid run" : ""}`;
	}
	const range = values.length > 1 ? ` (${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)})` : "";
	const mean = target.to === undefined ? "" : `, geometric mean ${geometricMean(values).toFixed(3)}`;
	const count = `${values.length} ${target.to === undefined ? "run" : "pair"}${values.length === 1 ? "" : "s"}`;
	return `**${verdict.met ? "met" : "MISSED"}** ${what} ${wanted}: ${verdict.median.toFixed(3)}${range}${mean}, ${count}`;
}

/**
 * What a ratio of another commit says: "better" or "worse" only when all pairs agree and the middle is farther from 1 than
 * the control ever was.
 */
export function change(values: readonly number[], control: readonly number[]): "better" | "worse" | "same" | "unknown" {
	if (values.length === 0) return "unknown";
	const away = Math.abs(Math.log(median(values)));
	if (away <= spread(control)) return "same";
	if (values.every((value) => value < 1)) return "better";
	return values.every((value) => value > 1) ? "worse" : "same";
}
