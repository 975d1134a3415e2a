/**
 * Decides what a new session may do.
 * @module
 */
import type { RejectReason } from "@moq-relay/token";

/** What an authorised session may do. Structurally the grant of core's session. */
export interface Grant {
	/** The path the session was opened with, normalised; every name on the wire is relative to it. */
	readonly root: string;
	/** Prefixes under `root` that it may publish; "" is everything. */
	readonly publish: readonly string[];
	/** Prefixes under `root` that it may watch. */
	readonly subscribe: readonly string[];
	/** A peer relay. */
	readonly cluster: boolean;
	/** Wall-clock end of the grant; undefined is none. */
	readonly expiresAtMs?: number;
}

/** What is known of a connection when it must be judged. */
export interface AuthRequest {
	/** Path without query, percent-decoded or not: `/demo`. */
	readonly path: string;
	/** `?jwt=`; empty counts as absent. */
	readonly jwt?: string | undefined;
	/** The whole `Authorization` header. */
	readonly authorization?: string | undefined;
	readonly transport: string;
	/** `ip:port`, for the log. */
	readonly remote: string;
	/** SHA-256 of a verified client certificate, lower-case hex. */
	readonly peerCertificate?: string | undefined;
}

/** Why a session is refused; safe to send to the peer. */
export interface Rejection {
	/** 401 or 403 for the client's fault, 502 or 504 for a key server's. */
	readonly httpStatus: number;
	/** Session close code: 6 Unauthorized, or 64 + n. */
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
export interface Authoriser extends AsyncDisposable {
	/** Never rejects: what goes wrong inside is a `backend` rejection. */
	authorise(request: AuthRequest): Promise<AuthOutcome>;
	/** Called after any key was added, replaced or removed: authorise every live session again. Returns the detachment. */
	onKeysChanged(listener: () => void): () => void;
}
