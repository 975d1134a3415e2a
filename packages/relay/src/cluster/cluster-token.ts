/**
 * The token for dials whose URL has none.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { TOKEN_BYTES_MAX } from "./limits.ts";

/** `[cluster] token`: a file, read for every dial so that it can be rotated, or the token itself. @throws Error */
export async function readClusterToken(setting: string): Promise<string> {
	if (LITERAL.test(setting)) return setting;
	if ((await stat(setting)).size > TOKEN_BYTES_MAX) throw new RangeError("the file of cluster.token is too large");
	return (await readFile(setting, "utf8")).trim();
}

/** A JWT: three parts, the first a JSON object. */
const LITERAL = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;
