/**
 * Every bound of one session, with its unit and what it protects.
 * @module
 */

/** Bounds of one session; a relay may lower them per grant or raise them for its own cluster. */
export interface SessionLimits {
	/** Subscriptions the peer holds on us at once; beyond it a new one is reset with 11 BoundsExceeded. */
	readonly subscriptions: number;
	/** Broadcasts the peer announces at once; beyond it the session ends with 11 BoundsExceeded. */
	readonly announcements: number;
	/** Announce interests the peer holds on us at once; beyond it a new one is reset with 11. */
	readonly interests: number;
	/** Fetches and track-info requests of the peer under way at once; beyond it a new one is reset with 11. */
	readonly requests: number;
	/** Incoming streams that have not shown their first message yet; beyond it a new one is reset with 11. */
	readonly pendingStreams: number;
	/** How long an incoming stream may take to show its first message, in ms; then it is reset with 3 Timeout. */
	readonly firstMessageMs: number;
	/** Bytes of one control message; a longer one is refused before anything is allocated. */
	readonly messageBytes: number;
	/** Control messages per second that a peer may send in the long run; beyond it the session ends with 11. */
	readonly messagesPerSecond: number;
	/** Control messages above that rate that may come at once. */
	readonly messageBurst: number;
	/** Incoming group streams open at once; beyond it the oldest of the same subscription is stopped. */
	readonly incomingGroups: number;
	/** Group streams that wait for the subscription or track info they belong to; beyond it a new one is stopped. */
	readonly earlyGroups: number;
	/** How long the peer may take to say who it is (SETUP) and we to decide, in ms; then the session ends with 3. */
	readonly setupMs: number;
	/** How long an upstream peer may take to answer TRACK, SUBSCRIBE or FETCH, in ms; then the request fails with 3. */
	readonly responseMs: number;
	/** Unsent bytes of a lane's older groups before the oldest is reset, in bytes. */
	readonly laneBudgetBytes: number;
	/** Upper bound of the latency that a subscriber may ask a lane to keep groups for, in ms. */
	readonly latencyMs: number;
}

/** The bounds of an ordinary session. */
export const SESSION_LIMITS: SessionLimits = {
	subscriptions: 1024,
	announcements: 1024,
	interests: 64,
	requests: 256,
	pendingStreams: 128,
	firstMessageMs: 10_000,
	messageBytes: 64 * 1024,
	messagesPerSecond: 500,
	messageBurst: 2000,
	incomingGroups: 512,
	earlyGroups: 64,
	setupMs: 10_000,
	responseMs: 10_000,
	laneBudgetBytes: 8 * 1024 * 1024,
	latencyMs: 30_000,
};
