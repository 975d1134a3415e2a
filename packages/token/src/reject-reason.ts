/**
 * Why a token was refused.
 * @module
 */

/**
 * The fixed set of reasons; also the label values of `moq_auth_failures_total`.
 * `missing`: no token where one is needed. `malformed`: not a token we read. `alg`: not the key's algorithm.
 * `signature`: wrong. `expired`, `not_yet`: outside its time. `scope`: does not cover the path, or grants nothing.
 * `revoked`: withdrawn. `unknown_key`: no such key. `backend`: the key could not be fetched.
 */
export type RejectReason =
	| "missing"
	| "malformed"
	| "alg"
	| "signature"
	| "expired"
	| "not_yet"
	| "scope"
	| "revoked"
	| "unknown_key"
	| "backend";
