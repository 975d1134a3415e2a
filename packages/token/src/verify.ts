/**
 * Decides whether a token is to be believed, and what it says.
 * @module
 */
import { compactVerify } from "jose";
import { type Claims, parseClaims } from "./claims.ts";
import { KEY_ID } from "./jwk.ts";
import type { Key } from "./key.ts";
import { TOKEN_BYTES_MAX } from "./limits.ts";
import { grantsCover } from "./permissions.ts";
import { parseStrictObject } from "./strict-json.ts";
import { TokenError } from "./token-error.ts";

/** How strictly, and as of when, a token is judged. */
export interface VerifyOptions {
	/** Wall-clock milliseconds since 1970. */
	readonly nowMs: number;
	/** How far the issuer's clock may be off; 0 by default. */
	readonly toleranceMs?: number;
	/** Longest `exp` − `iat`; both are then required. 0, the default, accepts any and none. */
	readonly lifetimeMsMax?: number;
	/** Who must be among the token's `aud`; by default nobody looks. */
	readonly audience?: string | undefined;
}

/** Finds the key that a token names; `id` is well formed, or undefined when the token names none. */
export type KeyFinder = (id: string | undefined) => Key | undefined | Promise<Key | undefined>;

/** A token that was believed. */
export interface VerifiedToken {
	readonly claims: Claims;
	readonly key: Key;
}

/**
 * Check form, algorithm, signature, time and the key's scope, in this order. The algorithm is the key's, never the
 * token's; no key is taken from the token.
 * @throws TokenError with the reason; whatever `keys` throws.
 */
export async function verifyToken(
	token: string,
	keys: Key | KeyFinder,
	options: VerifyOptions,
): Promise<VerifiedToken> {
	const { header, payload } = splitToken(token);
	const id = checkHeader(header);
	const key = typeof keys === "function" ? await keys(id) : keys;
	if (key === undefined || !key.canVerify)
		throw new TokenError("unknown_key", "no key of the token's id verifies here");
	if (header["alg"] !== key.algorithm) throw new TokenError("alg", `the key is for ${key.algorithm} only`);
	await checkSignature(token, key);
	const claims = parseClaims(parseStrictObject(payload, "payload"));
	checkTimes(claims, options);
	if (options.audience !== undefined && !claims.audience.includes(options.audience)) {
		throw new TokenError("scope", "the token is meant for another audience");
	}
	if (key.scope !== undefined && !grantsCover(key.scope, claims)) {
		throw new TokenError("scope", "the token grants more than the scope of its key");
	}
	return { claims, key };
}

function splitToken(token: string): { header: Record<string, unknown>; payload: string } {
	if (token.length > TOKEN_BYTES_MAX) {
		throw new TokenError("malformed", `the token is longer than ${TOKEN_BYTES_MAX} characters`);
	}
	const parts = COMPACT.exec(token);
	const [, header, payload] = parts ?? [];
	if (header === undefined || payload === undefined) {
		throw new TokenError("malformed", "the token is not three base64url parts");
	}
	return { header: parseStrictObject(header, "header"), payload };
}

/** Returns the key id. */
function checkHeader(header: Readonly<Record<string, unknown>>): string | undefined {
	for (const name of REFUSED_HEADERS) {
		if (Object.hasOwn(header, name)) throw new TokenError("malformed", `the token's header has "${name}"`);
	}
	if (typeof header["alg"] !== "string") throw new TokenError("malformed", "the token's header has no algorithm");
	const id = header["kid"];
	if (id === undefined) return undefined;
	if (typeof id !== "string" || !KEY_ID.test(id)) throw new TokenError("malformed", "the token's key id is not one");
	return id;
}

async function checkSignature(token: string, key: Key): Promise<void> {
	const imported = await key.import("verify");
	try {
		await compactVerify(token, imported, { algorithms: [key.algorithm] });
	} catch (cause) {
		throw new TokenError("signature", "the token's signature is wrong", { cause });
	}
}

function checkTimes(claims: Claims, options: VerifyOptions): void {
	const { nowMs, toleranceMs = 0, lifetimeMsMax = 0 } = options;
	const { expires, issued, notBefore } = claims;
	if (expires !== undefined && nowMs >= expires * 1000 + toleranceMs) {
		throw new TokenError("expired", "the token has expired");
	}
	if (notBefore !== undefined && nowMs < notBefore * 1000 - toleranceMs) {
		throw new TokenError("not_yet", "the token is not valid yet");
	}
	if (lifetimeMsMax === 0) return;
	if (expires === undefined || issued === undefined) {
		throw new TokenError("malformed", "the token lacks exp or iat, which this relay demands");
	}
	if (nowMs < issued * 1000 - toleranceMs) throw new TokenError("not_yet", "the token was issued in the future");
	if ((expires - issued) * 1000 > lifetimeMsMax) {
		throw new TokenError("scope", "the token lives longer than this relay allows");
	}
}

/** The signature may be empty here, so that an unsigned token is refused for its algorithm. */
const COMPACT: RegExp = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/** Keys in the token, where to find them, and extensions that would have to be understood. */
const REFUSED_HEADERS: readonly string[] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"];
