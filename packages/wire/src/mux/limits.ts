/**
 * Every bound of WebSocket framing: unit last, and what it protects.
 * @module
 */

/** Data of one STREAM frame that we send, in bytes; released clients close the session above 16 384 - 32, the oldest above 16 384 - 24. */
export const STREAM_DATA_BYTES_MAX: number = 16_384 - 32;
