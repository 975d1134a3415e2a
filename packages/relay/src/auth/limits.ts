/**
 * Every bound of authorisation: unit last, and what it protects.
 * @module
 */

/** Pause between looks at key files, and at key URLs whose answer is stale; bounds how long a withdrawn key counts. */
export const KEY_POLL_MS: number = 2000;

/** How long a key file may be absent before running sessions lose it: a file that is being replaced comes back sooner. */
export const KEY_ABSENT_MS: number = 3000;

/** How long an answer of a key URL counts when its Cache-Control says nothing. */
export const KEY_FRESH_MS: number = 60_000;

/** The shortest time that an answer counts, whatever it says; one request per second is all a key server gets. */
export const KEY_FRESH_MS_MIN: number = 1000;

/** The longest time that an answer counts: a withdrawn key must not live for a year because a header said so. */
export const KEY_FRESH_MS_MAX: number = 3_600_000;

/** How long a failure or an unknown key is remembered before the key server is asked again. */
export const KEY_NEGATIVE_MS: number = 5000;

/** Keys of one folder that are kept; the oldest is forgotten, and read again when it is wanted. */
export const KEY_FOLDER_MAX: number = 4096;

/** Bytes of a key file or of a key server's answer that are read; a JWKS is far below. */
export const KEY_BYTES_MAX: number = 1024 * 1024;

/** Key lookups at a key server that run at once; ids that nobody knows must not open sockets without end. */
export const KEY_REQUESTS_MAX: number = 64;
