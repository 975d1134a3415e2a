/**
 * Lengths of time as people write them.
 * @module
 */

/** Milliseconds of "5s", "250ms", "1h 30m"; a bare "0" needs no unit. Undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
	if (text.trim() === "0") return 0;
	if (!WHOLE.test(text)) return undefined;
	let total = 0;
	for (const [, amount, unit] of text.matchAll(PART)) {
		const factor = UNITS_MS[unit ?? ""];
		if (factor === undefined) return undefined;
		total += Number(amount) * factor;
	}
	return total <= Number.MAX_SAFE_INTEGER ? total : undefined;
}

/** The shortest text that `parseDuration` reads back. */
export function formatDuration(ms: number): string {
	if (ms === 0) return "0";
	for (const [unit, unitMs] of [
		["h", HOUR_MS],
		["m", MINUTE_MS],
		["s", SECOND_MS],
	] as const) {
		if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
	}
	return `${ms}ms`;
}

const WHOLE: RegExp = /^\s*(?:\d+\s*[a-z]+\s*)+$/;
const PART: RegExp = /(\d+)\s*([a-z]+)/g;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The units that the reference (humantime) reads, up to weeks. */
const UNITS_MS: Readonly<Record<string, number>> = {
	us: 0.001,
	usec: 0.001,
	ms: 1,
	msec: 1,
	millis: 1,
	s: SECOND_MS,
	sec: SECOND_MS,
	secs: SECOND_MS,
	second: SECOND_MS,
	seconds: SECOND_MS,
	m: MINUTE_MS,
	min: MINUTE_MS,
	mins: MINUTE_MS,
	minute: MINUTE_MS,
	minutes: MINUTE_MS,
	h: HOUR_MS,
	hr: HOUR_MS,
	hrs: HOUR_MS,
	hour: HOUR_MS,
	hours: HOUR_MS,
	d: DAY_MS,
	day: DAY_MS,
	days: DAY_MS,
	w: 7 * DAY_MS,
	week: 7 * DAY_MS,
	weeks: 7 * DAY_MS,
};
