/**
 * Every bound and wait of the command, with its unit and what it protects.
 * @module
 */

/** Packets of a track that are read ahead of the one to send: H.264 and H.265 show a picture at most 16 places late. */
export const READ_AHEAD_PACKETS_MAX: number = 16;

/** Length of an audio group in µs: short enough to join soon, long enough that a track's kept groups reach back seconds. */
export const AUDIO_GROUP_US: number = 500_000;

/** Newer groups that wait for an older one; beyond it the older one is left behind. Bounds memory and delay. */
export const WAITING_GROUPS_MAX: number = 8;

/** How long the first groups of a track are collected before the lowest of them begins the output, in ms. */
export const COLLECT_MS: number = 100;

/** Bytes that wait for the output file or pipe; beyond it the output is too slow for the broadcast, and the command ends. */
export const OUTPUT_BYTES_MAX: number = 256 * 1024 * 1024;

/** Frames that wait for the first frame of the recording's other track; beyond it the recording begins without it. */
export const RECORD_START_FRAMES_MAX: number = 256;

/** Media time in µs after which a silent track is closed in the file, because the other one waits for it in memory. */
export const SILENCE_US_MAX: number = 10_000_000;

/** How long a catalog with one kind of media is waited on to name the other, in ms; browsers add their sources one by one. */
export const CATALOG_MS: number = 1000;

/** Bytes of one catalog frame. */
export const CATALOG_BYTES_MAX: number = 1024 * 1024;

/** How long the first session may take, in ms; after that the command ends with the reason. */
export const CONNECT_MS_MAX: number = 10_000;

/** Silence after which a QUIC connection is dead, in ms; a relay that vanished is noticed then, and the next one is tried. */
export const SILENCE_MS_MAX: number = 10_000;

/**
 * The same where there is another relay to go to, in ms: the change is to take less than 3 s. QUIC itself waits longer where
 * the path is slow.
 */
export const FAILOVER_SILENCE_MS_MAX: number = 1500;

/** The same for a WebSocket, in ms: TCP may be silent for a second after a single loss. A relay that was killed is noticed at once. */
export const FAILOVER_SOCKET_SILENCE_MS_MAX: number = 2500;

/** A connection with nothing to say says so this many times within the silence that ends it. */
export const SIGNS_OF_LIFE: number = 4;

/** How long a publisher stays with another relay before it tries the first again, in ms, where nobody says. */
export const RETURN_MS: number = 30_000;

/** Bytes of standard input that are kept for the track that is read furthest behind: a fragment of some seconds of 4K. */
export const STDIN_CACHE_BYTES_MAX: number = 128 * 1024 * 1024;

/** How long the end of a broadcast waits for the last groups to get through, in ms. */
export const DRAIN_MS_MAX: number = 10_000;

/** The same when the user has asked to stop. */
export const STOP_DRAIN_MS_MAX: number = 500;

/** Pause between the end of a broadcast and that of its session, in ms: the last control messages leave meanwhile. */
export const GOODBYE_MS: number = 200;

/** How long names are collected after the session is up before "what is live" counts as known, in ms. */
export const SETTLE_MS: number = 1000;

/** How long a broadcast whose tracks have ended may stay announced before it counts as over, in ms. */
export const AFTERLIFE_MS: number = 2000;

/** Pause before a broadcast that is still announced is tried again after an error, in ms. */
export const RETRY_MS: number = 1000;

/** Time between two status lines, in ms. */
export const STATUS_MS: number = 1000;

/** How long a stopped command may take to end well, in ms; then it is ended. */
export const STOP_MS_MAX: number = 15_000;

/** How long a relay may take to tell of its cluster, in ms. */
export const STATUS_ANSWER_MS_MAX: number = 5000;

/** Bytes of that answer: thousands of relays fit. */
export const STATUS_ANSWER_BYTES_MAX: number = 32 * 1024 * 1024;
