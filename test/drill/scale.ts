/** The size of a drill: all of it, or with `npm run drill -- --short` enough to see that the drill itself works. */
const SHORT = process.env["MOQ_DRILL_SHORT"] === "1";

/** The size for this run. */
export function sized(full: number, short: number): number {
	return SHORT ? short : full;
}

/** Least, middle and greatest of some times in ms, as text. */
export function spread(times: readonly number[]): string {
	const sorted = times.toSorted((a, b) => a - b).map((ms) => (ms / 1000).toFixed(2));
	return `${sorted[0]} / ${sorted[sorted.length >> 1]} / ${sorted.at(-1)} s (least / median / most)`;
}

/** The value that so many per cent of the others do not exceed. @throws RangeError without values */
export function percentile(values: readonly number[], percent: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	const value = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
	if (value === undefined) throw new RangeError("no values");
	return value;
}
