/**
 * What one peer may do, as its token or the `public` setting says.
 * @module
 */

/** What a peer may do. All names the peer uses are relative to `root`; the prefixes are too. */
export interface Grant {
	/** Path put before every name the peer uses; "" is the top. Never shown to the peer. */
	readonly root: string;
	/** Prefixes under which it may announce; whole segments; [""] is everything, [] nothing. */
	readonly publish: readonly string[];
	/** Prefixes under which it may see, subscribe and fetch; as `publish`. */
	readonly subscribe: readonly string[];
	/** True: the peer is a relay of ours, and sees names with an internal segment (`internal/…`, `.internal/…`). */
	readonly cluster: boolean;
	/** Wall-clock milliseconds at which the session ends with 6 Unauthorized; undefined never. */
	readonly expiresAtMs?: number;
}

/** Why a peer may do nothing at all; the session is closed with it. */
export interface Refusal {
	/** Session code of protocol §4.10; 6 is Unauthorized. */
	readonly code: number;
	/** Told to the peer; at most `REASON_BYTES_MAX`, and never a secret. */
	readonly reason: string;
}

/** Answers the question of what a peer may do; called once per path. */
export type Authorise = (path: string | undefined, decide: (outcome: Grant | Refusal) => void) => void;

/** A grant of everything, for local peers and tests. */
export const GRANT_ALL: Grant = { root: "", publish: [""], subscribe: [""], cluster: true };

/** Whether `path` lies at or under `prefix`, by whole segments. */
export function isWithin(prefix: string, path: string): boolean {
	if (prefix === "" || prefix === path) return true;
	return path.length > prefix.length && path.startsWith(prefix) && path.charCodeAt(prefix.length) === SLASH;
}

/** Whether one of `prefixes` covers `path`. */
export function isCovered(prefixes: readonly string[], path: string): boolean {
	for (const prefix of prefixes) if (isWithin(prefix, path)) return true;
	return false;
}

/** Whether the first segment marks a name that only relays of the cluster see. */
export function isInternal(path: string): boolean {
	return isWithin("internal", path) || isWithin(".internal", path);
}

/** `root` and a name under it as one path. */
export function joinPath(root: string, name: string): string {
	if (root === "") return name;
	return name === "" ? root : `${root}/${name}`;
}

const SLASH: number = 0x2f;
