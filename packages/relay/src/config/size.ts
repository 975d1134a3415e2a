/**
 * Amounts of memory as people write them.
 * @module
 */

/** A size in bytes, or a share of the memory this process may use. */
export type Size = { readonly bytes: number } | { readonly percent: number };

/** "8GiB", "500 MB", "75%" or plain bytes; undefined when it is none of these. */
export function parseSize(text: string): Size | undefined {
	const [, amount = "", unit = ""] = SHAPE.exec(text) ?? [];
	if (amount === "") return undefined;
	const value = Number(amount);
	if (unit === "%") return value <= 100 ? { percent: value } : undefined;
	const factor = UNITS_BYTES[unit.toLowerCase()];
	if (factor === undefined) return undefined;
	const bytes = Math.floor(value * factor);
	return bytes <= Number.MAX_SAFE_INTEGER ? { bytes } : undefined;
}

/** The shortest text that `parseSize` reads back. */
export function formatByteCount(bytes: number): string {
	if (bytes !== 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
	return bytes !== 0 && bytes % 1024 === 0 ? `${bytes / 1024}KiB` : String(bytes);
}

const SHAPE: RegExp = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*|%)\s*$/;

const UNITS_BYTES: Readonly<Record<string, number>> = {
	"": 1,
	b: 1,
	kb: 1000,
	kib: 1024,
	k: 1024,
	mb: 1000 ** 2,
	mib: 1024 ** 2,
	m: 1024 ** 2,
	gb: 1000 ** 3,
	gib: 1024 ** 3,
	g: 1024 ** 3,
	tb: 1000 ** 4,
	tib: 1024 ** 4,
	t: 1024 ** 4,
};
