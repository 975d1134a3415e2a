/**
 * Every bound of one session, with its unit and what it protects.
 * @module
 */

/** Probe streams of one peer that are answered; real clients open one, and each costs a timer. */
export const PROBES_MAX: number = 4;

/** Least time between two reports on a probe stream, in ms, as in the reference. */
export const PROBE_INTERVAL_MS: number = 100;

/** Longest time between two looks at a path that does not change, in ms; spares a relay with many idle viewers. */
export const PROBE_INTERVAL_MS_MAX: number = 500;

/** Bytes of a GROUP body, which is two varints. */
export const GROUP_HEAD_BYTES_MAX: number = 16;

/** Bytes of a SESSION_INFO body, which is one varint. */
export const SESSION_INFO_BYTES_MAX: number = 8;

/** How often a token's expiry is looked at again, in ms: the wall clock may be set, and timers have a longest delay. */
export const EXPIRY_CHECK_MS: number = 60_000;

/**
 * How long a track that ended without naming its last group waits for groups that its end has overtaken, in ms; each group
 * that comes begins it anew.
 */
export const LAST_GROUPS_MS: number = 200;

/** How much longer it waits, in round trips of the path: a lost packet comes again after some. */
export const LAST_GROUPS_ROUND_TRIPS: number = 4;

/** Bounds of one session; a relay may lower them per grant or raise them for its own cluster. */
export interface SessionLimits {
	/** Subscriptions the peer holds on us at once; beyond it a new one is reset with 11 BoundsExceeded. */
	readonly subscriptions: number;
	/** Broadcasts the peer announces at once; beyond it the session ends with 11 BoundsExceeded. */
	readonly announcements: number;
	/** Bytes of the names the peer announces at once under one prefix of its grant; beyond it the session ends with 11 BoundsExceeded. */
	readonly announcementBytes: number;
	/** Announce interests the peer holds on us at once; beyond it a new one is reset with 11. */
	readonly interests: number;
	/** Bytes of the names shown on all announce streams of the peer at once; what comes beyond it is left out. */
	readonly shownBytes: number;
	/** Bytes of names that new announce streams begin with, per second in the long run; one beyond it is reset with 11. */
	readonly listedBytesPerSecond: number;
	/** Bytes above that rate that may be listed at once; the longest list counts as no more. */
	readonly listedBurst: number;
	/** How long an announce stream may be so full that nothing more goes through, in ms; then the session ends with 11. */
	readonly unreadMs: number;
	/** Fetches and track-info requests of the peer under way at once; beyond it a new one is reset with 11. */
	readonly requests: number;
	/** Incoming streams that have not shown their first message yet; beyond it a new one is reset with 11. */
	readonly pendingStreams: number;
	/** How long an incoming stream may take to show its first message, in ms; then it is reset with 3 Timeout. */
	readonly firstMessageMs: number;
	/** Bytes of one control message; a longer one is refused before anything is allocated. */
	readonly messageBytes: number;
	/**
	 * Control messages per second that a peer may send in the long run; beyond it the session ends with 11. Opening a
	 * bidirectional stream counts as one, whether or not its first message ever comes.
	 */
	readonly messagesPerSecond: number;
	/** Control messages above that rate that may come at once. */
	readonly messageBurst: number;
	/** Incoming group streams open at once; beyond it the oldest of the same subscription is stopped with 26 Lagged. */
	readonly incomingGroups: number;
	/** Group streams and datagrams per second in the long run; beyond it a stream is stopped with 11, a datagram dropped. */
	readonly groupsPerSecond: number;
	/** Group streams above that rate that may come at once. */
	readonly groupBurst: number;
	/** Unidirectional streams per second, whatever becomes of them; a peer that ignores so many refusals loses its session to 11. */
	readonly uniStreamsPerSecond: number;
	/** Unidirectional streams above that rate that may come at once. */
	readonly uniStreamBurst: number;
	/** How long the peer may take to say who it is (SETUP) and we to decide, in ms; then the session ends with 3. */
	readonly setupMs: number;
	/** How long an upstream peer may take to answer TRACK, SUBSCRIBE or FETCH, in ms; then the request fails with 3. */
	readonly responseMs: number;
	/** How long the end of a track waits for the last groups to get through, in ms. */
	readonly drainMs: number;
	/** Unsent bytes of a lane's older groups before the oldest is reset, in bytes. */
	readonly laneBudgetBytes: number;
	/** Upper bound of the latency that a subscriber may ask a lane to keep groups for, in ms. */
	readonly latencyMs: number;
}

/** The bounds of an ordinary session: a browser or a publisher. */
export const SESSION_LIMITS: SessionLimits = {
	subscriptions: 1024,
	announcements: 1024,
	announcementBytes: 256 * 1024,
	interests: 64,
	// Room for every name that a relay takes, if they are of ordinary length.
	shownBytes: 16 * 1024 * 1024,
	listedBytesPerSecond: 256 * 1024,
	listedBurst: 16 * 1024 * 1024,
	unreadMs: 30_000,
	requests: 256,
	pendingStreams: 1024,
	firstMessageMs: 10_000,
	messageBytes: 64 * 1024,
	messagesPerSecond: 500,
	messageBurst: 2000,
	incomingGroups: 512,
	groupsPerSecond: 5000,
	groupBurst: 20_000,
	uniStreamsPerSecond: 10_000,
	uniStreamBurst: 60_000,
	setupMs: 10_000,
	responseMs: 10_000,
	drainMs: 1000,
	laneBudgetBytes: 8 * 1024 * 1024,
	latencyMs: 30_000,
};

/** The bounds of a session between relays of one cluster, which carries what thousands of ordinary ones do. */
export const CLUSTER_SESSION_LIMITS: SessionLimits = {
	...SESSION_LIMITS,
	subscriptions: 8192,
	announcements: 65_536,
	announcementBytes: 64 * 1024 * 1024,
	shownBytes: 256 * 1024 * 1024,
	listedBytesPerSecond: 64 * 1024 * 1024,
	listedBurst: 256 * 1024 * 1024,
	requests: 2048,
	pendingStreams: 8192,
	messagesPerSecond: 20_000,
	messageBurst: 100_000,
	incomingGroups: 8192,
	groupsPerSecond: 100_000,
	groupBurst: 200_000,
	uniStreamsPerSecond: 200_000,
	uniStreamBurst: 600_000,
};

/**
 * The bounds of a client towards the relay that it chose to dial: as wide as what a relay may have to tell. With those of
 * an ordinary session, whoever announces a thousand names would end the sessions of all who watch.
 */
export const CLIENT_SESSION_LIMITS: SessionLimits = {
	...SESSION_LIMITS,
	announcements: CLUSTER_SESSION_LIMITS.announcements,
	announcementBytes: CLUSTER_SESSION_LIMITS.announcementBytes,
	messagesPerSecond: CLUSTER_SESSION_LIMITS.messagesPerSecond,
	messageBurst: CLUSTER_SESSION_LIMITS.messageBurst,
};
