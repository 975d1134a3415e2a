/**
 * Makes tokens.
 * @module
 */
import { CompactSign } from "jose";
import { type Claims, formatClaims, parseClaims } from "./claims.ts";
import type { Key } from "./key.ts";
import { grantsCover } from "./permissions.ts";
import { TokenError } from "./token-error.ts";

/**
 * Sign claims with a key; the header names its algorithm and id.
 * @throws TokenError `scope` when they grant nothing or more than the key may, `malformed` for a bad path or time;
 * KeyError when the key cannot sign.
 */
export async function signToken(key: Key, claims: Partial<Claims>): Promise<string> {
	const payload = formatClaims(claims);
	const checked = parseClaims(payload);
	if (key.scope !== undefined && !grantsCover(key.scope, checked)) {
		throw new TokenError("scope", "the token would grant more than the scope of its key");
	}
	return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
		.setProtectedHeader({ typ: "JWT", alg: key.algorithm, ...(key.id !== undefined && { kid: key.id }) })
		.sign(await key.import("sign"));
}
