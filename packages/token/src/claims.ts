/**
 * The claims of a token, in every spelling that was ever in use.
 * @module
 */
import { PATH_CHARS_MAX, PREFIXES_MAX } from "./limits.ts";
import { normalisePath } from "./path.ts";
import { TokenError } from "./token-error.ts";

/** What a token says, whatever its spelling. Times are unix seconds, perhaps fractional. */
export interface Claims {
	/** The path that `publish` and `subscribe` are relative to. */
	readonly root: string;
	/** Prefixes that may be published; "" is everything under `root`. */
	readonly publish: readonly string[];
	/** Prefixes that may be watched. */
	readonly subscribe: readonly string[];
	/** The bearer is a relay (older clusters). */
	readonly cluster: boolean;
	readonly expires: number | undefined;
	readonly issued: number | undefined;
	readonly notBefore: number | undefined;
	/** `jti`. */
	readonly id: string | undefined;
	/** `sub`, where it is not an old spelling of `get`. */
	readonly subject: string | undefined;
	readonly audience: readonly string[];
}

/**
 * Read a token's payload: `root` or `path`; `put`, `pub` and `pub!`; `get`, or `sub` when there is no `get`.
 * @throws TokenError `malformed` for a wrong type, a bad time or path; `scope` when nothing is granted.
 */
export function parseClaims(payload: Readonly<Record<string, unknown>>): Claims {
	const { root, path } = payload;
	if (root !== undefined && path !== undefined && root !== path) throw malformed("root and path differ");
	const put = payload["put"] === undefined ? payload["pub"] : payload["put"];
	const publish = [...prefixes("put", put), ...prefixes("pub!", payload["pub!"])];
	const asOldGet = payload["get"] === undefined;
	const subscribe = prefixes(asOldGet ? "sub" : "get", asOldGet ? payload["sub"] : payload["get"]);
	const claims: Claims = {
		root: prefix("root", root ?? path ?? ""),
		publish: [...new Set(publish)],
		subscribe: [...new Set(subscribe)],
		cluster: flag("cluster", payload["cluster"]),
		expires: time("exp", payload["exp"]),
		issued: time("iat", payload["iat"]),
		notBefore: time("nbf", payload["nbf"]),
		id: text("jti", payload["jti"]),
		subject: asOldGet ? undefined : text("sub", payload["sub"]),
		audience: audience(payload["aud"]),
	};
	if (publish.length === 0 && subscribe.length === 0) throw new TokenError("scope", "the token grants nothing");
	return claims;
}

/** The payload in today's spelling, which every reader since moq-token 0.5.1 understands. */
export function formatClaims(claims: Partial<Claims>): Record<string, unknown> {
	const { publish = [], subscribe = [], audience: audiences = [] } = claims;
	return {
		// @moq/token refuses a token without it.
		root: claims.root ?? "",
		...(publish.length > 0 && { put: publish }),
		...(subscribe.length > 0 && { get: subscribe }),
		...(claims.cluster === true && { cluster: true }),
		...(claims.expires !== undefined && { exp: claims.expires }),
		...(claims.issued !== undefined && { iat: claims.issued }),
		...(claims.notBefore !== undefined && { nbf: claims.notBefore }),
		...(claims.id !== undefined && { jti: claims.id }),
		// Beside `get: []` a reader cannot take the subject for a path.
		...(claims.subject !== undefined && { get: subscribe, sub: claims.subject }),
		...(audiences.length > 0 && { aud: audiences }),
	};
}

function prefixes(claim: string, value: unknown): string[] {
	if (value === undefined) return [];
	const list = Array.isArray(value) ? (value as unknown[]) : [value];
	if (list.length > PREFIXES_MAX) throw malformed(`${claim} has more than ${PREFIXES_MAX} prefixes`);
	return list.map((item) => prefix(claim, item));
}

function prefix(claim: string, value: unknown): string {
	if (typeof value !== "string") throw malformed(`${claim} is not text`);
	if (value.length > PATH_CHARS_MAX) throw malformed(`${claim} is longer than ${PATH_CHARS_MAX} characters`);
	if (CONTROL.test(value)) throw malformed(`${claim} holds a control character`);
	if (!value.isWellFormed()) throw malformed(`${claim} is not Unicode text`);
	return normalisePath(value);
}

function time(claim: string, value: unknown): number | undefined {
	// The reference writes null for an absent time.
	if (value === undefined || value === null) return undefined;
	if (typeof value !== "number" || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw malformed(`${claim} is no time`);
	return value;
}

function text(claim: string, value: unknown): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== "string") throw malformed(`${claim} is not text`);
	return value;
}

function flag(claim: string, value: unknown): boolean {
	if (value === undefined || value === null) return false;
	if (typeof value !== "boolean") throw malformed(`${claim} is neither true nor false`);
	return value;
}

function audience(value: unknown): string[] {
	if (value === undefined || value === null) return [];
	const list = Array.isArray(value) ? (value as unknown[]) : [value];
	return list.map((item) => text("aud", item) ?? "");
}

function malformed(message: string): TokenError {
	return new TokenError("malformed", message);
}

const CONTROL: RegExp = /\p{Cc}/u;
