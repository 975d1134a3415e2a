/**
 * Every bound of the model and the routing table: unit last, and what it protects.
 * @module
 */
import { FRAME_LIMITS } from "@moq-relay/wire";

/** Bytes of cached groups, all broadcasts together, where the owner says nothing; the latest group of a track may exceed it. */
export const CACHE_BYTES_MAX: number = 512 * 1024 * 1024;

/** Longest time that a publisher may have us keep groups beyond the newest, in ms; its own wish is `latencyMaxMs`. */
export const CACHE_MS_MAX: number = 60_000;

/** Bytes of one group, overhead included; bounds what the latest group, which is never evicted, can hold. */
export const GROUP_BYTES_MAX: number = FRAME_LIMITS.groupBytes;

/** Bytes charged for a group beside its body: the objects that describe it. */
export const GROUP_OVERHEAD_BYTES: number = 1024;

/** Bytes charged for a chunk beside its content, so that a body of one-byte chunks is not cheap. */
export const CHUNK_OVERHEAD_BYTES: number = 128;

/** Open groups of one track; beyond it the oldest is aborted. A group per 20 ms audio frame, stalled for a second, needs 50. */
export const GROUPS_OPEN_MAX: number = 64;

/**
 * Groups of one track that wait for another source to go on with them, and how far the oldest may lie behind the latest;
 * beyond it the oldest is aborted. The source sends again all that follows it.
 */
export const INTERRUPTED_GROUPS_MAX: number = 64;

/** How long a new source may take to go on with a group that another one began, in ms; then viewers go without the rest. */
export const INTERRUPTED_MS: number = 2000;

/** Ranges by which a set of group sequences is remembered; beyond it the lowest gap counts as seen. */
export const SEQUENCE_RANGES_MAX: number = 64;

/** Tracks of one broadcast in use at once; bounds a viewer that asks for invented names. */
export const TRACKS_MAX: number = 1024;

/** Fetched groups of one broadcast that are coming or kept. */
export const FETCHES_MAX: number = 256;

/** Unanswered or remembered TRACK requests of one broadcast. */
export const LOOKUPS_MAX: number = 1024;

/** How long an upstream subscription outlives its last viewer, in ms; spares it when a viewer reloads. */
export const TRACK_LINGER_MS: number = 2000;

/**
 * How long viewers of a running track are spared its failure, in ms: a relay that loses its own source, or shuts down,
 * resets its subscriptions a moment before the route changes.
 */
export const FAILURE_GRACE_MS: number = 200;

/** Least time between two updates of an upstream subscription, in ms; viewers that come and go must not flood upstream. */
export const UPDATE_INTERVAL_MS: number = 20;

/** How long a broadcast stays announced after its session was lost, in ms; the reference has the same number. */
export const BROADCAST_LINGER_MS: number = 5000;

/** How long a relay keeps a longer way to itself, in ms: that too may be about to go. */
export const HOLD_DOWN_MS: number = 100;

/**
 * How long viewers are not told that a relay withdrew a broadcast, in ms: the news goes to the relay that has another way,
 * which tells it after its hold-down, and back.
 */
export const WITHDRAWN_MS: number = 500;

/** How long after our end of a name a server that repeated it may take to end it too, in ms: its own wait and a long round trip. */
export const ECHO_END_MS: number = 1000;

/** How long viewers of a broadcast that was unannounced may go on while its tracks end by themselves, in ms. */
export const BROADCAST_DRAIN_MS: number = 5000;

/** Age difference below which two publishers of one path count as equally new where a relay lies between, in ms. */
export const PUBLISHER_TIE_MS: number = 2000;

/** How long a publisher is remembered at a path after its last route, in ms; longer than a mesh takes to settle. */
export const PUBLISHER_MEMORY_MS: number = 10_000;

/** Publishers remembered at one path; a path that sees more than this within the memory is being abused. */
export const PUBLISHERS_REMEMBERED_MAX: number = 64;

/** Restarts of one path within `CONTEST_MS` from which on its publishers are compared by hash alone. */
export const CONTEST_RESTARTS: number = 8;

/** How long a restart counts, in ms. */
export const CONTEST_MS: number = 30_000;

/** Paths announced at once; bounds the routing table. */
export const BROADCASTS_MAX: number = 65_536;

/** Announcements of one path at once, one per session; beyond it new ones are refused. */
export const ANNOUNCEMENTS_PER_PATH_MAX: number = 64;

/** Groups that a local track keeps for late subscribers. */
export const LOCAL_GROUPS_MAX: number = 8;

/** Bytes of kept groups of a local track; the newest group may exceed it. */
export const LOCAL_BYTES_MAX: number = 32 * 1024 * 1024;
