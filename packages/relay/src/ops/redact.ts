/**
 * Keeps credentials and control characters out of what is written or told.
 * @module
 */
import { LOG_LOOK_AHEAD } from "./limits.ts";

/** A URL, path with query or any other text without the credentials in it. */
export function redactUrl(text: string): string {
	return text
		.replaceAll(QUERY_SECRET, "$1***")
		.replaceAll(USER_INFO, "$1***@")
		.replaceAll(BEARER, "$1***")
		.replaceAll(TOKEN, "***");
}

/**
 * Text from a peer as a log may hold it: without credentials, control characters and invisible direction marks as
 * `\u001b`, cut to `bytesMax` bytes of UTF-8.
 */
export function sanitise(text: string, bytesMax: number): string {
	// A cut before redaction could leave the half of a token that no pattern knows; a bound keeps the work small.
	const redacted = redactUrl(text.slice(0, bytesMax * LOG_LOOK_AHEAD));
	const visible = redacted.replaceAll(
		UNPRINTABLE,
		(char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
	);
	return cutBytes(visible.toWellFormed(), bytesMax);
}

function cutBytes(text: string, bytesMax: number): string {
	if (text.length * 3 <= bytesMax) return text;
	const bytes = new TextEncoder().encode(text);
	if (bytes.length <= bytesMax) return text;
	let end = bytesMax;
	// Never inside a character: bytes 10xxxxxx continue one.
	while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
	return `${new TextDecoder().decode(bytes.subarray(0, end))}…`;
}

const QUERY_SECRET: RegExp = /([?&;](?:jwt|token|access_token)=)[^&;#\s"'<>]+/gi;
const USER_INFO: RegExp = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s"'@]+@/gi;
const BEARER: RegExp = /(\bbearer\s+)[^\s"',;]+/gi;
/** A JWT wherever it stands, even cut short: its header begins with `{"`. */
const TOKEN: RegExp = /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g;
const UNPRINTABLE: RegExp = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]/gu;
