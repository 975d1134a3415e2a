/**
 * A relay's name in the cluster: its own URL, spelt in one way.
 * @module
 */
import { Malformed, type Path, parsePath } from "@moq-relay/wire";

/** One relay by name; equal relays have equal `url`. */
export interface NodeName {
	/** Canonical: scheme, host, port if unusual, path; no query, no credentials. */
	readonly url: string;
	/** What older relays call it, who put `https://` before it; a URL where that would be wrong. */
	readonly host: string;
	/** The URL as a broadcast path, in which `//` is one slash. */
	readonly path: Path;
}

/** A URL, a bare host, `host:port`, or a URL that has been a broadcast path; undefined for anything else. */
export function parseNode(text: string): NodeName | undefined {
	try {
		const whole = text.replace(COLLAPSED, "$1//");
		const url = new URL(whole.includes("://") ? whole : `https://${whole}/`);
		if (!SCHEMES.includes(url.protocol) || url.host === "") return undefined;
		const plain = new URL(`${url.protocol}//${url.host}${url.pathname}`).href;
		const isShort = url.protocol === "https:" && url.pathname === "/";
		return { url: plain, host: isShort ? url.host : plain, path: parsePath(plain) };
	} catch (error) {
		if (error instanceof TypeError || error instanceof Malformed) return undefined;
		throw error;
	}
}

/** Whether a relay that others named may be dialled, and given a token, by one that is itself reached at `own`. */
export function isAsSafe(url: string, own: string): boolean {
	return isPlain(own) || !isPlain(url);
}

function isPlain(url: string): boolean {
	return /^(http|ws):/.test(url);
}

const COLLAPSED = /^([a-z][a-z0-9+.-]*:)\/(?!\/)/i;
const SCHEMES: readonly string[] = ["https:", "http:", "wss:", "ws:", "moqt:", "moql:"];
