/**
 * Every bound of the wire: unit last, and what it protects.
 * @module
 */

/** Bytes of one control message's body; protects the buffer that a message is collected in. Real ones are below 2 KiB. */
export const MESSAGE_BYTES_MAX: number = 64 * 1024;

/** Bytes of an ANNOUNCE_INIT body (moq-lite-01/02), which lists every live broadcast at once: about 20 000 names. */
export const ANNOUNCE_INIT_BYTES_MAX: number = 1024 * 1024;

/** Bytes of a legacy SETUP body; its length field goes to 65 535. */
export const SETUP_BYTES_MAX: number = 16 * 1024;

/** Bytes of a broadcast path, slashes included; bounds keys of the routing table. */
export const PATH_BYTES_MAX: number = 1024;

/** Segments of a broadcast path; bounds the work of prefix matching. The reference has the same number. */
export const PATH_SEGMENTS_MAX: number = 32;

/** Bytes of a track name; bounds keys of a broadcast's track table. */
export const TRACK_NAME_BYTES_MAX: number = 1024;

/** Bytes of a GOAWAY uri; room for a long query with a token. */
export const GOAWAY_URI_BYTES_MAX: number = 8 * 1024;

/** Bytes of a Path parameter in SETUP, query with token included. */
export const SETUP_PATH_BYTES_MAX: number = 8 * 1024;

/** Relays that an announcement may have passed; ends loops that no relay detected. The reference has the same number. */
export const HOPS_MAX: number = 32;

/** Parameters of one SETUP; bounds the duplicate check. The reference has the same number. */
export const PARAMETERS_MAX: number = 64;

/** Versions in a legacy CLIENT_SETUP; real clients send three. */
export const SETUP_VERSIONS_MAX: number = 64;

/** Bytes of one frame's payload; the reference caches at most this much of a group, so no larger frame can pass it. */
export const FRAME_BYTES_MAX: number = 32 * 1024 * 1024;

/**
 * Payload bytes of one group, all frames together; bounds what the cache must hold, since the latest group always stays.
 * Twice the reference's bound, so that a group with one frame of the largest size has room for others.
 */
export const GROUP_BYTES_MAX: number = 64 * 1024 * 1024;

/** Frames of one group; bounds the overhead of empty frames, which `GROUP_BYTES_MAX` does not count. */
export const GROUP_FRAMES_MAX: number = 65_536;

/** Bytes of a datagram's payload as moq-lite-05 allows it. */
export const DATAGRAM_BYTES_MAX: number = 1200;
