/**
 * The token for dials whose URL has none.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { TOKEN_BYTES_MAX } from "./limits.ts";

/** `[cluster] token`: a file, read for every dial so that it can be rotated, or the token itself. @throws Error */
export async function readClusterToken(setting: string): Promise<string> {
	if (isLiteralToken(setting)) return setting;
	if ((await stat(setting)).size > TOKEN_BYTES_MAX) throw new RangeError("the file of cluster.token is too large");
	return (await readFile(setting, "utf8")).trim();
}

/** Whether the setting is the token itself. */
export function isLiteralToken(setting: string): boolean {
	return LITERAL.test(setting);
}

/** Times that a token names, in wall-clock ms; undefined for what it does not say, or what cannot be read. */
export interface TokenTimes {
	readonly issuedMs: number | undefined;
	readonly expiresMs: number | undefined;
}

/** What a token says of its own life. Nothing is verified: that is for the peer to do. */
export function tokenClaims(token: string): TokenTimes {
	let claims: unknown;
	try {
		claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
	} catch {
		// Not ours to judge: the peer will say what is wrong with it.
		return { issuedMs: undefined, expiresMs: undefined };
	}
	const { iat, exp } =
		typeof claims === "object" && claims !== null ? (claims as { iat?: unknown; exp?: unknown }) : {};
	return { issuedMs: inMs(iat), expiresMs: inMs(exp) };
}

/** No time is beyond what a Date can show. */
function inMs(seconds: unknown): number | undefined {
	return typeof seconds === "number" && Math.abs(seconds) <= 8.64e12 ? seconds * 1000 : undefined;
}

/** A JWT: three parts, the first a JSON object. */
const LITERAL = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;
