/**
 * The few statistics of the reports.
 * @module
 */

/** The middle of a list; NaN of an empty one. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
	return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** The geometric mean; NaN of an empty list. */
export function geometricMean(values: readonly number[]): number {
	return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Slope of the least-squares line through points at 0, 1, 2 …; 0 of fewer than two. */
export function slope(values: readonly number[]): number {
	if (values.length < 2) return 0;
	const middle = (values.length - 1) / 2;
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	let [up, down] = [0, 0];
	for (const [at, value] of values.entries()) {
		up += (at - middle) * (value - mean);
		down += (at - middle) ** 2;
	}
	return up / down;
}

/** How far apart ratios are from 1 at most, on the scale of logarithms; 0 of an empty list. */
export function spread(ratios: readonly number[]): number {
	return Math.max(0, ...ratios.map((ratio) => Math.abs(Math.log(ratio))));
}
