/**
 * Paths as claims and connections spell them: segments joined by slashes, compared whole.
 * @module
 */

/** Slashes at the ends and doubled ones mean nothing: `/foo//bar/` is `foo/bar`. */
export function normalisePath(path: string): string {
	return path
		.split("/")
		.filter((segment) => segment !== "")
		.join("/");
}

/** What follows `prefix` in `path`; undefined when `prefix` does not cover it (`foo` does not cover `foobar`). */
export function stripPrefix(path: string, prefix: string): string | undefined {
	if (prefix === "") return path;
	if (path === prefix) return "";
	return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}

/** Both, one after the other; either may be empty. */
export function joinPath(base: string, rest: string): string {
	if (base === "") return rest;
	return rest === "" ? base : `${base}/${rest}`;
}
