/**
 * What a token's claims allow at the path that a connection was opened with.
 * @module
 */
import type { Claims } from "./claims.ts";
import { joinPath, normalisePath, stripPrefix } from "./path.ts";

/** Prefixes relative to the connection's path. "" is everything beneath it, an empty list nothing. */
export interface Permissions {
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
}

/** The path and the token's root do not overlap, or they do and no grant reaches the path. */
export type PermissionsDenied = "incorrect-root" | "no-access";

/** Everything that may be granted: the part of the claims that permissions come from. */
export type Grants = Pick<Claims, "root" | "publish" | "subscribe">;

/**
 * Narrow or widen the grants to `path`: where it extends the token's root, prefixes that cover the rest become "" and
 * others are cut or dropped; where it is a parent, prefixes are put behind what is missing.
 */
export function permissionsAt(grants: Grants, path: string): Permissions | PermissionsDenied {
	const at = normalisePath(path);
	const root = normalisePath(grants.root);
	const below = stripPrefix(at, root);
	const above = stripPrefix(root, at);
	if (below === undefined && above === undefined) return "incorrect-root";

	const narrow = (prefixes: readonly string[]): string[] => {
		const kept = new Set<string>();
		for (const prefix of prefixes) {
			const granted = joinPath(above ?? "", normalisePath(prefix));
			const rest = below ?? "";
			const under = stripPrefix(granted, rest);
			if (under !== undefined) kept.add(under);
			else if (stripPrefix(rest, granted) !== undefined) kept.add("");
		}
		return [...kept];
	};
	const permissions = { publish: narrow(grants.publish), subscribe: narrow(grants.subscribe) };
	if (permissions.publish.length === 0 && permissions.subscribe.length === 0) return "no-access";
	return permissions;
}

/** Whether every grant of `inner` lies within `outer`, each role by itself; roots may differ. */
export function grantsCover(outer: Grants, inner: Grants): boolean {
	const covers = (allowed: readonly string[], wanted: readonly string[]): boolean => {
		const bounds = allowed.map((prefix) => absolute(outer.root, prefix));
		return wanted.every((prefix) => {
			const path = absolute(inner.root, prefix);
			return bounds.some((bound) => stripPrefix(path, bound) !== undefined);
		});
	};
	return covers(outer.publish, inner.publish) && covers(outer.subscribe, inner.subscribe);
}

function absolute(root: string, prefix: string): string {
	return joinPath(normalisePath(root), normalisePath(prefix));
}
