/**
 * Decides what a new session may do.
 * @module
 */
import type { Grant, PeerIdentity } from "@moq-relay/core";
import type { RejectReason } from "@moq-relay/token";

/** What is known of a connection when it must be judged. */
export interface AuthRequest {
	/** Path without query, as sent: `/demo`. */
	readonly path: string;
	/** `?jwt=`; empty counts as absent. */
	readonly jwt?: string | undefined;
	/** `?register=`: the name under which a relay joins, which only a relay may; undefined for anybody else. */
	readonly register?: string | undefined;
	/** The whole `Authorization` header; `?jwt=` wins over it. */
	readonly authorization?: string | undefined;
	/** For the log. */
	readonly transport: string;
	/** `ip:port`, for the log. */
	readonly remote: string;
	/** SHA-256 of a client certificate that was verified against `tls.root`, lower-case hex. */
	readonly peerCertificate?: string | undefined;
	/** What that certificate says of the peer. */
	readonly peerIdentity?: PeerIdentity | undefined;
	/** Which kind of listener the peer came to; undefined is a public one. */
	readonly door?: DoorKind | undefined;
}

/** Whom a listener is for: everybody, or other relays. */
export type DoorKind = "public" | "cluster";

/** What is decided by more than credentials. */
export interface DoorPolicy {
	/**
	 * The grant as it is at this listener and for this peer. `isRelay`: its credentials are a relay's, by claim or
	 * certificate. @throws TokenError when the peer is not let in here.
	 */
	admit(request: AuthRequest, grant: Grant, isRelay: boolean): Grant;
}

/** Why a session is refused; safe to send to the peer. */
export interface Rejection {
	/** 400 for a path that is none, 401 for the client's credentials, 502 for a key server's fault. */
	readonly httpStatus: number;
	/** Session close code: 6 Unauthorized, or 64 + the HTTP status. */
	readonly code: number;
	/** Metric label and log field. */
	readonly reason: RejectReason;
	/** One sentence without secrets. */
	readonly message: string;
}

/** The judgement; test `ok`. */
export type AuthOutcome =
	| { readonly ok: true; readonly grant: Grant }
	| { readonly ok: false; readonly rejection: Rejection };

/** Judges new sessions, and running ones again when keys change. */
export interface Authoriser extends Disposable {
	/** Judge and log a new session. Never rejects: what goes wrong inside is a `backend` rejection. */
	authorise(request: AuthRequest): Promise<AuthOutcome>;
	/** The same without a log line, for a session that runs. */
	review(request: AuthRequest): Promise<AuthOutcome>;
	/** Called after keys in use were replaced or withdrawn: review every live session. Returns the detachment. */
	onKeysChanged(listener: () => void): () => void;
}
