/**
 * Errors by what dies: one stream, or the whole session. (`RequestError` of core ends one request or group.)
 * @module
 */
import { Code, Malformed } from "@moq-relay/wire";
import { RequestError } from "../error.ts";

/** Ends one stream; `code` goes to the peer, the message to the log. */
export class StreamError extends Error {
	override readonly name = "StreamError";
	readonly code: number;

	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}

/** Ends the session; the message goes to the peer, `cause` only ever to the log. */
export class SessionError extends Error {
	override readonly name = "SessionError";
	readonly code: number;

	constructor(code: number, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}

	/** The one place where an unknown throw becomes a close code: what is not known by name is our own fault. */
	static from(thrown: unknown): SessionError {
		if (thrown instanceof SessionError) return thrown;
		if (isStreamFault(thrown)) return new SessionError(thrown.code, thrown.message, { cause: thrown });
		return new SessionError(INTERNAL_CODE, "internal error", { cause: thrown });
	}
}

/** Whether a throw condemns no more than the stream it came from. */
export function isStreamFault(thrown: unknown): thrown is StreamError | Malformed | RequestError {
	return thrown instanceof StreamError || thrown instanceof Malformed || thrown instanceof RequestError;
}

/** What a peer is told of our own faults: the registry has no better one, and it holds no detail. */
export const INTERNAL_CODE: number = Code.Transport;
