/**
 * Bounds of admission that no setting moves.
 * @module
 */

/** Addresses whose rate is remembered at once; beyond it the one seen longest ago is forgotten. About 200 bytes each. */
export const ADDRESSES_MAX: number = 65_536;
