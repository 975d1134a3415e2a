/**
 * Every bound of the client: unit last, and what it protects.
 * @module
 */

/** First pause between two attempts, in ms; the reference's cluster links have the same. */
export const BACKOFF_FIRST_MS: number = 1000;

/** Longest pause between two attempts, in ms; the reference's cluster links have the same. */
export const BACKOFF_MS_MAX: number = 10_000;

/** How long one attempt to connect may take; a path that drops packets answers nothing at all. */
export const DIAL_MS_MAX: number = 10_000;

/** A session that lived this long was no accident: the next pause is the first one again. */
export const STEADY_MS: number = 10_000;

/** Head start of QUIC over WebSocket, in ms; the reference's Rust client has the same. */
export const WEBSOCKET_DELAY_MS: number = 200;

/** How much longer QUIC is waited for when TCP has said that nobody listens, in ms: a closed UDP port says nothing. */
export const QUIC_GRACE_MS: number = 2000;

/** Time for `/certificate.sha256`, in ms. */
export const FINGERPRINT_MS: number = 5000;

/** Addresses of one name that are tried. */
export const ADDRESSES_MAX: number = 16;

/** Bytes of one WebSocket message that a server may send: the oldest framing's largest. */
export const MESSAGE_BYTES_MAX: number = 1024 * 1024;

/** Pause between two WebSocket pings, in ms. */
export const PING_MS: number = 5000;

/** Silence after which a WebSocket is dead, in ms. */
export const SILENCE_MS: number = 30_000;

/**
 * How long a session that took over from another stands before that one withdraws, in ms: what it announces has to reach
 * everyone who is to go over to it.
 */
export const HANDOVER_SETTLE_MS: number = 2000;

/** How long a session may go on after another took over, in ms; the groups that are under way on it end meanwhile. */
export const HANDOVER_MS_MAX: number = 12_000;

/** How often a session that is to end is looked at, in ms. */
export const HANDOVER_POLL_MS: number = 100;

/** Least time between two questions for a newer token, in ms. */
export const TOKEN_CHECK_MS_MIN: number = 1000;
