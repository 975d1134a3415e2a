/**
 * Bounds of the TypeScript side of the engine; those of the native side are in `native/src/limits.rs`.
 * @module
 */

/**
 * Byte strings up to this length are copied into the command buffer; longer ones are handed over as they are, which
 * costs several microseconds each.
 */
export const INLINE_BYTES_MAX: number = 16 * 1024;

/** Bytes of commands and payloads that are submitted before the turn ends; bounds what a turn piles up. */
export const TURN_BYTES_MAX: number = 1024 * 1024;

/** Bytes of a play's own header; a GROUP message is about ten. */
export const HEADER_BYTES_MAX: number = 4096;

/** Consumed bytes of one stream that are kept back before its credit is returned; far below READ_AHEAD_BYTES. */
export const STREAM_CREDIT_BYTES: number = 64 * 1024;

/** Consumed bytes of one connection that are kept back before all its credit is returned; far below SESSION_READ_AHEAD_BYTES. */
export const SESSION_CREDIT_BYTES: number = 512 * 1024;

/** A chunk smaller than this part of its batch is copied out of it, so that keeping it does not keep the batch. */
export const BATCH_SHARE_MIN: number = 4;

/** Age in ms at which statistics are asked for again. */
export const STATS_AGE_MS: number = 100;

/** Milliseconds between the starts of connection attempts to several addresses (RFC 8305 §5). */
export const ATTEMPT_DELAY_MS: number = 250;

/** Addresses of one connect that are tried. */
export const ADDRESSES_MAX: number = 16;

/** The largest stream or session code that fits its wire form. */
export const CODE_MAX: number = 0xffff_ffff;
