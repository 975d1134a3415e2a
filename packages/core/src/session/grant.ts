/**
 * What one peer may do, as its token or the `public` setting says.
 * @module
 */
import { hasPrefix, joinPath, type Path } from "@moq-relay/wire";
import type { SessionLimits } from "./limits.ts";

/** What a peer may do. All names the peer uses are relative to `root`; the prefixes are too. */
export interface Grant {
	/** Path put before every name the peer uses; "" is the top. Never shown to the peer. */
	readonly root: string;
	/** Prefixes under which it may announce; whole segments; [""] is everything, [] nothing. */
	readonly publish: readonly string[];
	/** Prefixes under which it may see, subscribe and fetch; as `publish`. */
	readonly subscribe: readonly string[];
	/**
	 * Prefixes whose announcements it is asked for; default `publish`. Where they are wider, what the peer announces
	 * without leave is refused and reported, which it otherwise could not even try.
	 */
	readonly asked?: readonly string[];
	/** True: the peer is a relay of ours, and sees names with an internal segment (`internal/…`, `.internal/…`). */
	readonly cluster: boolean;
	/** Bounds of the session from now on; undefined keeps those of the session's options. A cluster needs wider ones. */
	readonly limits?: SessionLimits;
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

/** Whether one of `prefixes` covers `path`, by whole segments. */
export function isCovered(prefixes: readonly string[], path: string): boolean {
	for (const prefix of prefixes) if (hasPrefix(path, prefix)) return true;
	return false;
}

/** `prefixes` without those that another one covers. */
export function widestOf(prefixes: readonly string[]): readonly string[] {
	const distinct = [...new Set(prefixes)];
	return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && hasPrefix(prefix, other)));
}

/** Whether the full path is one that only relays of the cluster use. */
export function isInternal(path: string): boolean {
	return hasPrefix(path, "internal") || hasPrefix(path, ".internal");
}

/** Whether the peer may announce `name`, which is relative to the grant's root. */
export function mayPublish(grant: Grant, name: string): boolean {
	return isCovered(grant.publish, name) && isVisible(grant, name);
}

/** Whether the peer may see, subscribe to and fetch from `name`, which is relative to the grant's root. */
export function maySubscribe(grant: Grant, name: string): boolean {
	return isCovered(grant.subscribe, name) && isVisible(grant, name);
}

/** The full path of what the peer calls `name`; undefined when root and name together are no path any more. */
export function fullPath(grant: Grant, name: string): Path | undefined {
	try {
		return joinPath(grant.root, name);
	} catch {
		// Each part is within the limits; only together they are not, which is no fault of the peer's encoding.
		return undefined;
	}
}

function isVisible(grant: Grant, name: string): boolean {
	return grant.cluster || !isInternal(grant.root === "" ? name : grant.root);
}
