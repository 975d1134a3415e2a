/**
 * Finds the line of a setting in a TOML file, which the parser does not tell.
 * @module
 */

/**
 * Lines, from 1, by whole path; tables have the line of their header. Good enough for a message: what looks like a key
 * inside a text of several lines may be listed too.
 */
export function tomlLines(toml: string): ReadonlyMap<string, number> {
	const lines = new Map<string, number>();
	let table: string[] = [];
	for (const [index, line] of toml.split("\n").entries()) {
		const header = HEADER.exec(line)?.[1];
		const key = KEY.exec(line)?.[1];
		if (header !== undefined) table = segments(header);
		else if (key === undefined) continue;
		const path = key === undefined || header !== undefined ? table : [...table, ...segments(key)];
		for (let depth = 1; depth <= path.length; depth++) {
			const prefix = path.slice(0, depth).join(".");
			if (!lines.has(prefix)) lines.set(prefix, index + 1);
		}
	}
	return lines;
}

/** The line of a path, or of the nearest table around it. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number | undefined {
	for (let rest = path; rest !== ""; rest = rest.slice(0, Math.max(0, rest.lastIndexOf(".")))) {
		const line = lines.get(rest);
		if (line !== undefined) return line;
	}
	return undefined;
}

function segments(dotted: string): string[] {
	return dotted.split(".").map((segment) => segment.trim().replaceAll(/^["']|["']$/g, ""));
}

const HEADER: RegExp = /^\s*\[\[?([^[\]]+)\]/;
const KEY: RegExp = /^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=/;
