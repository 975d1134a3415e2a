/**
 * JSON of a token's parts: UTF-8, an object, no key twice.
 * @module
 */
import { TokenError } from "./token-error.ts";

/**
 * Decode base64url and parse.
 * @throws TokenError `malformed` for anything but one object; also for a key given twice, where two readers could differ.
 */
export function parseStrictObject(base64url: string, part: string): Record<string, unknown> {
	let value: unknown;
	let source: string;
	try {
		source = UTF8.decode(Uint8Array.from(atob(toBase64(base64url)), (char) => char.charCodeAt(0)));
		value = JSON.parse(source);
	} catch (cause) {
		throw new TokenError("malformed", `the token's ${part} is not JSON in base64url`, { cause });
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new TokenError("malformed", `the token's ${part} is not an object`);
	}
	if (hasDuplicateKey(source)) throw new TokenError("malformed", `the token's ${part} has a key twice`);
	return value as Record<string, unknown>;
}

/** `json` is known to be valid, so strings, brackets and commas tell everything. */
function hasDuplicateKey(json: string): boolean {
	const open: Set<string>[] = [];
	for (const match of json.matchAll(TOKENS)) {
		const [text, key] = match;
		if (text === "{" || text === "[") open.push(new Set());
		else if (text === "}" || text === "]") open.pop();
		else if (key !== undefined) {
			const name = JSON.parse(key) as string;
			const seen = open.at(-1);
			if (seen?.has(name)) return true;
			seen?.add(name);
		}
	}
	return false;
}

function toBase64(base64url: string): string {
	return base64url.replaceAll("-", "+").replaceAll("_", "/");
}

/** A key with its colon, any other string, or a bracket. */
const TOKENS: RegExp = /("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
