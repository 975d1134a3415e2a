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

/** When a token ends, in wall-clock ms, as it says itself; undefined when it says nothing that can be read. */
export function tokenExpiry(token: string): number | undefined {
	try {
		const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
		if (typeof claims !== "object" || claims === null || !("exp" in claims)) return undefined;
		return typeof claims.exp === "number" ? claims.exp * 1000 : undefined;
	} catch {
		// Not ours to judge: the peer will say what is wrong with it.
		return undefined;
	}
}

/** A JWT: three parts, the first a JSON object. */
const LITERAL = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;
