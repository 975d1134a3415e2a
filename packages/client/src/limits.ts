/**
 * Every wait of the client, in ms, and what it protects.
 * @module
 */

/** First pause between two attempts, and the longest one; the reference's cluster links have the same numbers. */
export const BACKOFF_FIRST_MS: number = 1000;
export const BACKOFF_MS_MAX: number = 10_000;

/** How long one attempt to connect may take; a path that drops packets answers nothing at all. */
export const DIAL_MS_MAX: number = 10_000;

/** A session that lived this long was no accident: the next pause is the first one again. */
export const STEADY_MS: number = 10_000;
