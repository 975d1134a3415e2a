/**
 * The kinds of value that a setting can have: how each is checked, and how it is read from a flag or the environment.
 * @module
 */
import * as v from "valibot";
import { parseDuration } from "./duration.ts";
import { type ListenAddress, parseListenAddress } from "./listen-address.ts";
import { parseSize, type Size } from "./size.ts";

/** A kind of value; `T` is what the program sees. */
export interface Kind<T> {
	/** Checks and converts what a TOML file can hold. */
	readonly schema: v.GenericSchema<unknown, T>;
	/** Ends the sentence "expected …". */
	readonly expected: string;
	/** Stands for the value in `--help`. */
	readonly placeholder: string;
	/** The value as TOML would hold it; a text that does not fit is passed on for the schema to refuse. */
	readonly fromText: (text: string) => unknown;
	/** The flag may come several times, and commas separate values. */
	readonly list: boolean;
	/** The flag needs no value. */
	readonly toggle: boolean;
}

/** The same kind, but a setting without a default may be absent. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
	return { ...kind, schema: v.undefinedable(kind.schema) };
}

/** Any text but the empty one. */
export function text(expected: string, placeholder = "TEXT"): Kind<string> {
	return plain({ expected, placeholder, schema: v.pipe(v.string(expected), v.nonEmpty(expected)) });
}

/** Any text. */
export function anyText(expected: string, placeholder = "TEXT"): Kind<string> {
	return plain({ expected, placeholder, schema: v.string(expected) });
}

/** Text of a certain form. */
export function pattern(form: RegExp, expected: string, placeholder: string): Kind<string> {
	return plain({ expected, placeholder, schema: v.pipe(v.string(expected), v.regex(form, expected)) });
}

/** One word of several. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
	const expected = `one of ${words.join(", ")}`;
	return plain({ expected, placeholder: words.join("|"), schema: v.picklist(words, expected) });
}

/** true or false. */
export function toggle(): Kind<boolean> {
	const expected = "true or false";
	const fromText = (value: string): unknown => TOGGLES[value.toLowerCase()] ?? value;
	return { ...plain({ expected, placeholder: "true|false", schema: v.boolean(expected) }), fromText, toggle: true };
}

/** A whole number within bounds, both inclusive. */
export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
	const expected =
		max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`;
	const schema = v.pipe(v.number(expected), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected));
	return { ...plain({ expected, placeholder: "N", schema }), fromText: numberFromText };
}

/** A length of time, in milliseconds for the program; a bare number counts `bareUnitMs` where that is allowed. */
export function duration(bareUnitMs?: number): Kind<number> {
	const expected = 'a duration such as "5s", "250ms" or "1h"';
	const parse = (value: unknown): number | undefined => {
		if (typeof value === "string") return parseDuration(value);
		return typeof value === "number" && value >= 0 && bareUnitMs !== undefined ? value * bareUnitMs : undefined;
	};
	const kind = plain({ expected, placeholder: "DURATION", schema: parsed(expected, parse) });
	return bareUnitMs === undefined ? kind : { ...kind, fromText: numberFromText };
}

/** A size in bytes, in units or as a share of memory. */
export function size(): Kind<Size> {
	const expected = 'a size such as "8GiB", "512MB" or "75%"';
	const parse = (value: unknown): Size | undefined =>
		typeof value === "string" || typeof value === "number" ? parseSize(String(value)) : undefined;
	return plain({ expected, placeholder: "SIZE", schema: parsed(expected, parse) });
}

/** A size in bytes or units, in bytes for the program. */
export function byteCount(): Kind<number> {
	const expected = 'a number of bytes such as "32MiB"';
	const parse = (value: unknown): number | undefined => {
		if (typeof value !== "string" && typeof value !== "number") return undefined;
		const parsedSize = parseSize(String(value));
		return parsedSize !== undefined && "bytes" in parsedSize ? parsedSize.bytes : undefined;
	};
	return plain({ expected, placeholder: "SIZE", schema: parsed(expected, parse) });
}

/** `host:port`. */
export function address(): Kind<ListenAddress> {
	const expected = 'an address such as "[::]:443", "127.0.0.1:4443" or "localhost:4443"';
	const parse = (value: unknown): ListenAddress | undefined =>
		typeof value === "string" ? parseListenAddress(value) : undefined;
	return plain({ expected, placeholder: "HOST:PORT", schema: parsed(expected, parse) });
}

/** A nonzero id below 2^62, as decimal digits for the program. */
export function decimalId(): Kind<string> {
	const expected = "a number from 1 to 4611686018427387903";
	const parse = (value: unknown): string | undefined => {
		const digits = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
		if (typeof digits !== "string" || !/^\d{1,19}$/.test(digits)) return undefined;
		const id = BigInt(digits);
		return id > 0n && id < 1n << 62n ? String(id) : undefined;
	};
	return plain({ expected, placeholder: "N", schema: parsed(expected, parse) });
}

/** One value or a list of them; always a list for the program. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
	const expected = `${item.expected}, or a list of those`;
	const parse = (value: unknown): readonly T[] | undefined => {
		const result = v.safeParse(v.array(item.schema), Array.isArray(value) ? value : [value]);
		return result.success ? result.output : undefined;
	};
	return {
		...plain({ expected, placeholder: item.placeholder, schema: parsed(expected, parse) }),
		fromText: (value) => value.split(",").map((part) => item.fromText(part.trim())),
		list: true,
	};
}

function plain<T>(kind: Pick<Kind<T>, "schema" | "expected" | "placeholder">): Kind<T> {
	return { ...kind, fromText: (value) => value, list: false, toggle: false };
}

/** A schema from a function that returns undefined for what does not fit. */
function parsed<T>(expected: string, parse: (value: unknown) => T | undefined): v.GenericSchema<unknown, T> {
	return v.pipe(
		v.unknown(),
		v.rawTransform(({ dataset, addIssue, NEVER }): T => {
			const value = parse(dataset.value);
			if (value !== undefined) return value;
			addIssue({ message: expected });
			return NEVER;
		}),
	);
}

function numberFromText(value: string): unknown {
	return /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
}

const TOGGLES: Readonly<Record<string, boolean>> = {
	true: true,
	"1": true,
	yes: true,
	false: false,
	"0": false,
	no: false,
};
