/**
 * Every bound of the testkit: unit last, and what it protects.
 * @module
 */

/** Timers of one bounded run; a livelock fails after this many instead of hanging the test run. */
export const STEPS_MAX: number = 1_000_000;

/** Wall-clock milliseconds at virtual time 0 (2026-01-01T00:00Z), so that a run prints the same dates every day. */
export const WALL_START_MS: number = Date.UTC(2026, 0, 1);

/** How long a check on a real transport may wait for one condition before it counts as hung, in ms; `TIME_SCALE` stretches it. */
export const SETTLE_MS_MAX: number = 20_000;

/** How long one compliance check may take in all, in ms; `TIME_SCALE` stretches it. */
export const CHECK_MS_MAX: number = 120_000;

/** Streams of each kind that an in-memory peer may have open at once, unless the test says otherwise. */
export const MEMORY_STREAMS_MAX: number = 100;

/** Bytes of one frame on an in-memory link: how finely streams share it. */
export const MEMORY_FRAME_BYTES: number = 16 * 1024;

/** Largest datagram payload of an in-memory connection, in bytes; what an Internet path carries. */
export const MEMORY_DATAGRAM_BYTES: number = 1200;

/** How long one direction of an in-memory connection may be cut before the receiving side gives it up, in ms. */
export const MEMORY_IDLE_MS: number = 30_000;

/** Factor from the environment variable `TIME_SCALE` by which slow machines stretch hang limits; 1 without it. */
export const TIME_SCALE: number = Math.max(1, Number(process.env["TIME_SCALE"] ?? "1") || 1);
