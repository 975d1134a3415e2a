/**
 * Every bound of the TLS identity: unit last, and what it protects.
 * @module
 */

/** Time between two looks at the certificate files, in ms. */
export const CERTIFICATE_POLL_MS: number = 2000;

/** Validity of a throw-away certificate in all, back-dating included, in ms: browsers refuse to pin more than 14 days. */
export const THROW_AWAY_MS: number = 13 * 24 * 3600 * 1000;

/** How far a throw-away certificate is back-dated, in ms, for clients whose clock is behind. */
export const THROW_AWAY_BACKDATE_MS: number = 3600 * 1000;

/** Age at which a throw-away certificate is replaced, in ms. */
export const THROW_AWAY_RENEW_MS: number = 6 * 24 * 3600 * 1000;

/** Bytes of one certificate or key file; longer ones are no such thing. */
export const PEM_BYTES_MAX: number = 1024 * 1024;

/** Bytes of the secret that stateless resets are made with, at least: it must not be guessed. */
export const RESET_SECRET_BYTES_MIN: number = 32;

/** Bytes of a file with such a secret; longer ones are something else. */
export const RESET_SECRET_BYTES_MAX: number = 64 * 1024;
