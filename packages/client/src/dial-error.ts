/**
 * Why a relay could not be reached.
 * @module
 */

/** What kind of failure; `message` is for people. */
export type DialFailure =
	/** The URL cannot be dialled. */
	| "url"
	/** The name is unknown, the port is closed, or there is no route. */
	| "unreachable"
	| "timeout"
	/** The certificate was not accepted. */
	| "certificate"
	/** The server answered with an HTTP status (`status`) instead of a session; 401 and 403 are about the token. */
	| "status"
	/** No protocol in common, or no relay at all. */
	| "protocol"
	| "aborted";

/** Rejection of `dial`: one sentence without secrets. Match on `kind`, never on the message. */
export class DialError extends Error {
	override readonly name = "DialError";
	readonly kind: DialFailure;
	/** When `kind` is "status". */
	readonly status: number | undefined;

	constructor(kind: DialFailure, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
		super(message, options);
		this.kind = kind;
		this.status = options.status;
	}

	/** True when another transport would be refused as well: the server has been reached, and has decided. */
	get isFinal(): boolean {
		return this.kind === "aborted" || this.kind === "url" || (this.kind === "status" && this.status !== 404);
	}
}

/** Whether a signal was raised by time, and not by someone who lost interest. */
export function isTimeout(signal: AbortSignal): boolean {
	return signal.reason instanceof Error && signal.reason.name === "TimeoutError";
}

/** What a status means to a person. */
export function statusError(where: string, status: number): DialError {
	const meaning = STATUS_MEANINGS[status] ?? `answered with HTTP status ${status}`;
	return new DialError("status", `${where} ${meaning}`, { status });
}

const STATUS_MEANINGS: Readonly<Record<number, string>> = {
	400: "does not speak any of our protocol versions",
	401: "refused the token, or wants one",
	403: "refused the token for this path",
	404: "has no relay at this address",
	426: "takes WebSocket over TLS only: use https or wss",
	429: "has too many sessions from this address; try again later",
	502: "could not verify the token: its key server does not answer",
	503: "takes no new sessions now; try again later",
};
