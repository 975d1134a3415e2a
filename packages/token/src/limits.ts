/**
 * Every bound of tokens and keys: unit last, and what it protects.
 * @module
 */

/** Characters of a token; it travels in a URL, and nothing is decoded beyond this. */
export const TOKEN_BYTES_MAX: number = 16 * 1024;

/** Bytes of a key file or key answer; a JWKS of RSA keys with room to spare. */
export const KEY_TEXT_BYTES_MAX: number = 1024 * 1024;

/** Keys in one JWKS; each verification looks through them. */
export const KEYS_MAX: number = 256;

/** Bytes of an HMAC secret; a shorter one can be guessed offline from any token. */
export const HMAC_SECRET_BYTES_MIN: number = 32;

/** Bits of an RSA modulus, as RFC 7518 demands. */
export const RSA_MODULUS_BITS_MIN: number = 2048;

/** Prefixes in one claim; every announcement is matched against each. */
export const PREFIXES_MAX: number = 256;

/** Characters of one path in a claim, the same as the relay allows a connection. */
export const PATH_CHARS_MAX: number = 1024;
