/**
 * Errors by what dies (the smallest thing that can): a request or a stream. Sessions have their own.
 * @module
 */

/** Ends one request or one group. `code` is a stream code of protocol §4.10 and goes to the peer; the message to the log. */
export class RequestError extends Error {
	override readonly name = "RequestError";
	readonly code: number;

	constructor(code: number, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
