/**
 * Which names each peer may use, as `[cluster.peers]` says.
 * @module
 */
import * as v from "valibot";
import { PEER_RULES_MAX } from "../limits.ts";
import type { Kind } from "./kind.ts";

/** What one peer, or one kind of them, may do. */
export interface PeerRule {
	/** A name in its certificate or the host that is dialled, lower case; `*.example.com`; a certificate's SHA-256; `*`. */
	readonly name: string;
	/** Prefixes under which it may announce; [""] is everything. */
	readonly publish: readonly string[];
	/** Prefixes under which it may watch; as `publish`. */
	readonly subscribe: readonly string[];
}

/** A table of peers: `"edge.internal" = "demo"`, a list of prefixes, or `{ publish = […], subscribe = […] }`; as a flag, JSON. */
export function peerRules(): Kind<readonly PeerRule[]> {
	const expected = 'a table such as { "edge.internal" = { publish = "live" } }, with prefixes for each peer';
	const schema = v.pipe(
		v.unknown(),
		v.rawTransform(({ dataset, addIssue, NEVER }): readonly PeerRule[] => {
			const rules = parseRules(dataset.value);
			if (rules !== undefined) return rules;
			addIssue({ message: expected });
			return NEVER;
		}),
	);
	return { schema, expected, placeholder: "JSON", fromText: parseJson, list: false, toggle: false };
}

function parseRules(value: unknown): readonly PeerRule[] | undefined {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	const entries = Object.entries(value);
	const rules = entries.flatMap(([name, given]) => parseRule(name.toLowerCase(), given) ?? []);
	return rules.length === entries.length && rules.length <= PEER_RULES_MAX ? rules : undefined;
}

function parseRule(name: string, given: unknown): PeerRule | undefined {
	if (!NAME.test(name)) return undefined;
	const both = prefixes(given);
	if (both !== undefined) return { name, publish: both, subscribe: both };
	if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
	const { publish = "", subscribe = "", ...rest } = given as Readonly<Record<string, unknown>>;
	const [announced, seen] = [prefixes(publish), prefixes(subscribe)];
	if (announced === undefined || seen === undefined || Object.keys(rest).length > 0) return undefined;
	return { name, publish: announced, subscribe: seen };
}

/** One prefix or a list of them, with slashes as they matter. */
function prefixes(given: unknown): readonly string[] | undefined {
	const list: readonly unknown[] = Array.isArray(given) ? given : [given];
	const texts = list.filter((item) => typeof item === "string");
	if (texts.length !== list.length) return undefined;
	return texts.map((text) => text.split("/").filter(Boolean).join("/"));
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Not JSON: passed on for the schema to refuse.
		return text;
	}
}

/** `*`, a name with perhaps a `*.` before it, an address, a URI, or a fingerprint. */
const NAME = /^(\*|(\*\.)?[^\s*,]+)$/;
