/**
 * What a URL says about whom to dial, and how.
 * @module
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { DialError } from "./dial-error.ts";
import { ADDRESSES_MAX } from "./limits.ts";

/** One place to dial. */
export interface DialTarget {
	/** Name or address, without brackets. */
	readonly host: string;
	readonly port: number;
	/** Path and query, the token among it. */
	readonly path: string;
	/** For messages: scheme, host and port only. */
	readonly shown: string;
}

/** Schemes and what is tried for them, in this order of preference. */
const SCHEMES: Readonly<Record<string, { readonly port: number }>> = {
	"https:": { port: 443 },
	"http:": { port: 80 },
	"wss:": { port: 443 },
	"ws:": { port: 80 },
	"moqt:": { port: 443 },
	"moql:": { port: 443 },
};

/** Split a URL. @throws DialError for schemes that are not dialled. */
export function parseDialUrl(url: URL): DialTarget {
	const scheme = SCHEMES[url.protocol];
	const host = url.hostname.replace(/^\[|\]$/g, "");
	if (scheme === undefined) {
		throw new DialError("url", `a ${url.protocol} URL cannot be dialled; use https, http, wss, ws or moqt`);
	}
	if (host === "") throw new DialError("url", "the URL names no host");
	const port = url.port === "" ? scheme.port : Number(url.port);
	const shownHost = host.includes(":") ? `[${host}]` : host;
	const path = `${url.pathname === "" ? "/" : url.pathname}${url.search}`;
	return { host, port, path, shown: `${url.protocol}//${shownHost}:${port}` };
}

/** Every address of a host, the families alternating so that a broken one costs one attempt. @throws DialError */
export async function resolveHost({ host, port }: DialTarget): Promise<readonly { host: string; port: number }[]> {
	if (isIP(host) !== 0) return [{ host, port }];
	let found: readonly { readonly address: string; readonly family: number }[];
	try {
		found = await lookup(host, { all: true });
	} catch (error) {
		throw new DialError("unreachable", `the name ${host} is unknown`, { cause: error });
	}
	const first = found.filter((entry) => entry.family === found[0]?.family);
	const others = found.filter((entry) => entry.family !== found[0]?.family);
	const ordered = first.flatMap((entry, at) => [entry, ...others.slice(at, at + 1)]);
	const all = [...ordered, ...others.slice(first.length)];
	return all.slice(0, ADDRESSES_MAX).map(({ address }) => ({ host: address, port }));
}
