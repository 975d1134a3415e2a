/**
 * One relay to dial, as `[cluster] connect` and `root` name it.
 * @module
 */
import { ConfigError } from "../config/config-error.ts";

/** Where a peer is, and what the way to it costs. */
export interface Peer {
	/** Without `cost`; may hold a token: never log it. */
	readonly url: URL;
	/** What a route through it costs; 1 unless `?cost=` says otherwise. */
	readonly cost: number;
	/** For log and metrics: no query, no credentials. */
	readonly shown: string;
}

/** A peer out of a setting: a URL, or a bare host for `https://host/`. @throws ConfigError that names the key */
export function parsePeer(text: string, key = "cluster.connect"): Peer {
	let url: URL;
	try {
		url = new URL(text.includes("://") ? text : `https://${text}/`);
	} catch {
		// The text may hold a token, so it is not repeated.
		return fail(key, "is not a URL; write https://HOST/ or https://HOST:PORT/?jwt=TOKEN");
	}
	if (!SCHEMES.includes(url.protocol)) fail(key, `has scheme ${url.protocol}; use https, http, wss, ws or moqt`);
	const given = url.searchParams.get("cost");
	const cost = given === null ? 1 : Number(given);
	if (!Number.isSafeInteger(cost) || cost < 0) fail(key, "has a cost that is no whole number");
	url.searchParams.delete("cost");
	return { url, cost, shown: `${url.protocol}//${url.host}${url.pathname}` };
}

function fail(key: string, message: string): never {
	throw new ConfigError([{ origin: undefined, key, message: `an entry ${message}` }]);
}

const SCHEMES: readonly string[] = ["https:", "http:", "wss:", "ws:", "moqt:", "moql:"];
