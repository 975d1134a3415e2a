/**
 * Every bound of the HTTP answers: unit last, and what it protects.
 * @module
 */

/** Time for `/fetch` to find its broadcast and group and send all of it, in ms; then 504. The reference has the same. */
export const FETCH_MS: number = 30_000;

/** `/fetch` answers under way at once; further ones are answered 503. Each may hold a whole group. */
export const FETCHES_MAX: number = 256;

/** Broadcasts in one answer of `/announced`; the rest is left out. */
export const ANNOUNCED_MAX: number = 65_536;

/** Files of a static page; a folder with more is not one. */
export const PAGE_FILES_MAX: number = 1000;

/** Bytes of a static file read at a time. */
export const PAGE_CHUNK_BYTES: number = 64 * 1024;

/** Sessions in one answer of the operators' `/sessions`. */
export const SESSIONS_SHOWN_MAX: number = 10_000;
