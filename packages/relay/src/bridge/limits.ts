/**
 * Every bound of the bridge between the main thread and a worker: unit last, and what it protects.
 * @module
 */

/** Bytes a worker may have on the way to main before it stops reading all its sockets; bounds main's queue. */
export const EVENT_BYTES_MAX: number = 32 * 1024 * 1024;

/** Events a worker may have on the way to main before it stops reading all its sockets: small ones cost too. */
export const EVENTS_MAX: number = 16 * 1024;

/** Media bytes main may have on the way to a worker; beyond it groups are given up, so that the newest still arrive. */
export const COMMAND_BYTES_MAX: number = 64 * 1024 * 1024;

/** Commands main may have on the way to a worker; beyond it no group is started on that worker. */
export const COMMANDS_MAX: number = 256 * 1024;

/** Ended streams of one connection that are remembered, so that a late reset or stop still finds them. */
export const LINGERING_STREAMS_MAX: number = 64;

/** A received chunk smaller than this share of its batch is copied out, so that it does not keep the batch in memory. */
export const PIN_RATIO_MAX: number = 4;

/** Time between two requests for the statistics of one connection, in ms; the port promises about 100. */
export const STATS_INTERVAL_MS: number = 100;
