/**
 * Quantities as people write and read them.
 * @module
 */

/** "10s", "500ms", "1.5m", "1h" or plain seconds, in ms; undefined when it is none of these or not above 0. */
export function parseDuration(text: string): number | undefined {
	const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
	const [, number, unit = "s"] = match ?? [];
	const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
	return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}

/** "2.01 Mb/s", "96 kb/s". */
export function formatRate(bitsPerSecond: number): string {
	if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(2)} Mb/s`;
	return `${Math.round(bitsPerSecond / 1000)} kb/s`;
}

/** "00:12", "1:02:03". */
export function formatTime(ms: number): string {
	const seconds = Math.floor(ms / 1000);
	const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
	const hours = Math.floor(seconds / 3600);
	return (hours === 0 ? parts : [hours, ...parts]).join(":");
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
