/**
 * Bounds of the links to other relays.
 * @module
 */

/** Bytes of a token file. */
export const TOKEN_BYTES_MAX: number = 64 * 1024;

/** A session that lived this long was no accident: the next pause is the first one again, in ms. */
export const STEADY_MS: number = 10_000;

/** So many losses of one link within `FLAP_MS` are told as a fault of their own. */
export const FLAP_LOSSES: number = 4;

/** Time in which losses of a link count together, in ms. */
export const FLAP_MS: number = 60_000;

/** Relays that may join one root; bounds its table of names. */
export const NODES_MAX: number = 4096;

/** Sessions on the listener for relays: two for each relay that joins, and as many again while links are renewed. */
export const RELAY_SESSIONS_MAX: number = 4 * NODES_MAX;

/**
 * Silence after which a link is dead, in ms: a parent that was killed says nothing, and is to be replaced within a second.
 * QUIC itself waits longer where the path is slow.
 */
export const LINK_IDLE_MS: number = 600;

/** Time between two signs of life on a link, in ms. */
export const LINK_KEEP_ALIVE_MS: number = 150;

/** The same over WebSocket, in ms; longer, since TCP repeats what is lost in its own time. Pings are four times as frequent. */
export const LINK_SOCKET_IDLE_MS: number = 1000;

/** How long a relay listens to what the root says of the others before it chooses a parent, in ms. */
export const LEARN_MS: number = 300;

/** Longest wait before a better parent is taken, in ms; drawn anew each time, so that not all move at once. */
export const MOVE_MS_MAX: number = 1000;

/** How long the link to the old parent is kept after the new one stands, in ms: until its routes are known. */
export const HANDOVER_MS: number = 500;

/**
 * How long a relay without the root waits for others to say that they have lost it too, in ms, before it takes its media
 * from one of them that has not.
 */
export const ROOT_WAIT_MS: number = 500;

/** How long a parent that failed is not tried again, in ms, unless nobody else is left. */
export const AVOID_MS: number = 10_000;

/** Parents whose distance is measured before one is chosen; each costs a dial. */
export const MEASURED_MAX: number = 8;

/** How long a measurement may take, in ms; who takes longer is far away. */
export const MEASURE_MS_MAX: number = 2000;

/** Two parents whose round trips differ by less are equally near, in ms: then the one with fewer children is better. */
export const NEAR_MS: number = 25;

/** Time between two looks at a list of relays behind a URL, in ms; the reference has the same number. */
export const LIST_POLL_MS: number = 30_000;

/** Time between two looks at a list of relays in a file, in ms. */
export const LIST_FILE_POLL_MS: number = 1000;

/** Bytes of a list of relays. */
export const LIST_BYTES_MAX: number = 1024 * 1024;

/** Relays in one list. */
export const LIST_PEERS_MAX: number = 1024;

/** How long a relay that is not announced any more is still dialled, in ms; the reference has the same number. */
export const GONE_MS: number = 60_000;

/** How long before its end a token for other relays is warned of, in ms. */
export const TOKEN_WARN_MS: number = 24 * 3600 * 1000;

/** Least time between two looks at a token file, in ms, however near the end is. */
export const RENEW_PAUSE_MS: number = 1000;

/** Longest time between two looks at a token file, in ms. */
export const RENEW_CHECK_MS: number = 60_000;
