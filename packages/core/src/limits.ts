/**
 * Every bound of the core and of the transport port: unit last, and what it protects.
 * @module
 */

/** Bytes of one stream handed to core before credit is returned; protects the event queue from one fast sender. */
export const READ_AHEAD_BYTES: number = 256 * 1024;

/** Bytes of one session, all streams together, handed to core before credit is returned. */
export const SESSION_READ_AHEAD_BYTES: number = 4 * 1024 * 1024;

/** Streams that may wait for the peer's stream limit on one connection; beyond it the peer is not keeping up. */
export const STREAMS_PENDING_MAX: number = 1024;

/** Unsent bytes of one control or fetch stream; beyond it the peer does not read and its session ends. */
export const STREAM_SEND_BYTES_MAX: number = 1024 * 1024;

/** Lanes of one connection inside a transport; session limits keep it far below. */
export const LANES_MAX: number = 8192;

/** Bytes of a close reason that are sent or logged. */
export const REASON_BYTES_MAX: number = 1024;

/** Unsent bytes of a lane's older groups before the oldest is reset; the newest always survives. */
export const LANE_BUDGET_BYTES: number = 8 * 1024 * 1024;
