/**
 * What goes wrong with keys and tokens.
 * @module
 */
import type { RejectReason } from "./reject-reason.ts";

/** A token that is refused. `message` holds nothing of the token, so it may be logged and sent. */
export class TokenError extends Error {
	override readonly name = "TokenError";
	readonly reason: RejectReason;

	constructor(reason: RejectReason, message: string, options?: ErrorOptions) {
		super(message, options);
		this.reason = reason;
	}
}

/** A key that cannot be read or used. `message` holds nothing of the key. */
export class KeyError extends Error {
	override readonly name = "KeyError";
}
