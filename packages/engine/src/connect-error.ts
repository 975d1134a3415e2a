/**
 * Why a connection could not be made.
 * @module
 */

/** What to do about it differs by kind: another address, another transport, another token, or nothing. */
export type ConnectFailure =
	| "timeout"
	/** The port or host answered that nobody listens there, or there is no route. */
	| "unreachable"
	/** The peer speaks QUIC but refused the handshake. */
	| "refused"
	/** The peer's certificate was not accepted. */
	| "certificate"
	/** No protocol in common. */
	| "protocol"
	/** The WebTransport request was answered with an HTTP status (`status`). */
	| "status"
	/** The peer closed while the handshake ran (`code`). */
	| "closed"
	| "aborted"
	/** The options cannot be used: a bad PEM, URL or address. */
	| "options"
	/** The engine was closed, or is out of memory or sockets. */
	| "engine";

/** Rejection of `Engine.connect`. Match on `kind`, never on the message. */
export class ConnectError extends Error {
	override readonly name = "ConnectError";
	readonly kind: ConnectFailure;
	/** HTTP status when `kind` is "status", else undefined. */
	readonly status: number | undefined;
	/** Session code when `kind` is "closed", unmapped; else undefined. */
	readonly code: number | undefined;

	constructor(kind: ConnectFailure, message: string, detail: { status?: number; code?: number } = {}) {
		super(message);
		this.kind = kind;
		this.status = detail.status;
		this.code = detail.code;
	}
}
