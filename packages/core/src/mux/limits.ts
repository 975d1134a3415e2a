/**
 * Every bound of a multiplexed connection: unit last, and what it protects. What is credit for the peer's data comes from
 * `READ_AHEAD_BYTES` and `SESSION_READ_AHEAD_BYTES`.
 * @module
 */
import { SESSION_READ_AHEAD_BYTES } from "../limits.ts";

/** Streams of one kind that the peer may have open at once; above what sessions allow, so that theirs is the bound that answers. */
export const PEER_STREAMS_MAX: number = 2048;

/** Streams of one kind that we have open at once, whatever the peer allows; the oldest framing sets no limit of its own. */
export const LOCAL_STREAMS_MAX: number = 4096;

/**
 * Bytes in the pipe above which nothing more is put in. Small, since what is in the pipe can no longer be overtaken by
 * newer media; large enough that one round of writing fills a socket's buffer.
 */
export const PIPE_BYTES_MAX: number = 128 * 1024;

/** Bytes of RESET_STREAM, STOP_SENDING and the like that wait for the pipe; beyond it the peer does not read and is closed. */
export const CONTROL_BYTES_MAX: number = 256 * 1024;

/** Plays of a lane that wait for the peer's stream limit; older ones are dropped, so that what opens next is fresh. */
export const LANE_STREAMS_WAITING_MAX: number = 4;

/** Plays of a lane at once; bounds groups so small that the byte budget does not see them. */
export const LANE_PLAYS_MAX: number = 1024;

/** Silence after which a connection with records is over, in ms; half-open peers go. npm's clients have the same. */
export const IDLE_MS: number = 30_000;

/** Bytes of a record that we take, which is what QMux has as its least; a larger one gains nothing over WebSocket. */
export const RECORD_BYTES_MAX: number = 16_382;

/** Bytes of a record that we send, however large the peer takes them. */
export const RECORD_SEND_BYTES_MAX: number = 16_382;

/** Bytes of a qmux-00 message: one frame, header included; the draft's number. */
export const FRAME_BYTES_MAX: number = 16_384;

/** Bytes of a message in the oldest framing, which sets no bound; JavaScript clients send 16 KiB. */
export const OLDEST_MESSAGE_BYTES_MAX: number = 1024 * 1024;

/** Unconsumed bytes above which a pipe of the oldest framing (no credit there) is paused. */
export const PAUSE_BYTES: number = SESSION_READ_AHEAD_BYTES / 4;

/** Unconsumed bytes below which it flows again. */
export const RESUME_BYTES: number = SESSION_READ_AHEAD_BYTES / 8;

/** Free bytes of a record below which it is sent rather than filled up with a sliver. */
export const RECORD_ROOM_BYTES_MIN: number = 256;

/** Datagrams that wait for the end of the turn; they are lossy, and this many do not fit a pipe anyway. */
export const DATAGRAMS_WAITING_MAX: number = 256;
