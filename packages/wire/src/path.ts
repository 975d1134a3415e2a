/**
 * Broadcast paths: names joined by slashes, the same text everywhere. `.` and `..` are names like any other.
 * @module
 */
import { Code } from "./codes.ts";
import { PATH_BYTES_MAX, PATH_SEGMENTS_MAX } from "./limits.ts";
import { Malformed } from "./malformed.ts";
import { utf8Length } from "./utf8.ts";

declare const canonical: unique symbol;

/**
 * A canonical path: no leading, trailing or doubled slash, no control character, within the limits; "" is the top.
 * Equal paths are equal strings. Made by `parsePath` and `joinPath` alone.
 */
export type Path = string & { readonly [canonical]: true };

/** The path above all others. */
export const PATH_TOP: Path = "" as Path;

/**
 * The canonical form of a path from outside: empty segments are dropped, nothing else is changed.
 * @throws Malformed for control characters and lone surrogates, or (BoundsExceeded) over the limits.
 */
export function parsePath(text: string): Path {
	// Slashes that normalising drops count too: a bound on the work comes before the work.
	if (text.length > PATH_BYTES_MAX) throw new Malformed("path is too long", Code.BoundsExceeded);
	if (UNPRINTABLE.test(text)) throw new Malformed("path has a control character");
	if (!text.isWellFormed()) throw new Malformed("path is not Unicode text");
	const path = REDUNDANT.test(text) ? splitPath(text).join("/") : text;
	return checkPath(path);
}

/** The segments of a path; the top has none. Empty segments do not count. */
export function splitPath(path: string): string[] {
	return path.split("/").filter((segment) => segment !== "");
}

/** True when the canonical `path` is `prefix` or below it: `foo` holds `foo/bar` but not `foobar`. */
export function hasPrefix(path: string, prefix: string): boolean {
	if (prefix === "") return true;
	if (!path.startsWith(prefix)) return false;
	return path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH;
}

/** What is left of the canonical `path` below `prefix` ("" when they are equal); undefined when it is not below. */
export function stripPrefix(path: string, prefix: string): Path | undefined {
	if (!hasPrefix(path, prefix)) return undefined;
	if (prefix === "") return path as Path;
	return path.slice(prefix.length + 1) as Path;
}

/**
 * The canonical `suffix` below the canonical `prefix`.
 * @throws Malformed (BoundsExceeded) when the whole is over the limits.
 */
export function joinPath(prefix: string, suffix: string): Path {
	if (prefix === "") return suffix as Path;
	if (suffix === "") return prefix as Path;
	return checkPath(`${prefix}/${suffix}`);
}

function checkPath(path: string): Path {
	if (path.length * 3 > PATH_BYTES_MAX && utf8Length(path) > PATH_BYTES_MAX) {
		throw new Malformed("path is too long", Code.BoundsExceeded);
	}
	if (path.length >= 2 * PATH_SEGMENTS_MAX && splitPath(path).length > PATH_SEGMENTS_MAX) {
		throw new Malformed("path has too many segments", Code.BoundsExceeded);
	}
	return path as Path;
}

const SLASH = 0x2f;
const REDUNDANT = /^\/|\/$|\/\//;
const UNPRINTABLE = /\p{Cc}/u;
