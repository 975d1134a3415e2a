/**
 * Bounds of the links to other relays.
 * @module
 */

/** Bytes of a token file. */
export const TOKEN_BYTES_MAX: number = 64 * 1024;

/** A session that lived this long was no accident: the next pause is the first one again, in ms. */
export const STEADY_MS: number = 10_000;
