/**
 * Texts that end a connection.
 * @module
 */
import { encodeUtf8 } from "@moq-relay/wire";
import { REASON_BYTES_MAX } from "../limits.ts";

/** A reason fit for the wire and for a log: no control characters, at most `REASON_BYTES_MAX` bytes. */
export function cleanReason(text: string): string {
	// The bytes are never fewer than the characters, so this bounds the work too.
	let clean = text.slice(0, REASON_BYTES_MAX).replaceAll(CONTROL, " ").toWellFormed();
	while (encodeUtf8(clean).length > REASON_BYTES_MAX) {
		const tooMany = encodeUtf8(clean).length - REASON_BYTES_MAX;
		// A character is at most three bytes.
		clean = clean.slice(0, clean.length - Math.ceil(tooMany / 3)).toWellFormed();
	}
	return clean;
}

const CONTROL = /\p{Cc}/gu;
