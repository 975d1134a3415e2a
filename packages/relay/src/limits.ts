/**
 * Every bound of the relay: `[limits]`, which the operator sets, and the constants beneath it. Unit last; 0 is off.
 * @module
 */

/** `[limits]`: bounds that an operator may move. Each value is a count unless its name ends in a unit; 0 is off. */
export interface LimitsConfig {
	readonly maxSessions: number;
	/** Per IPv4 address or IPv6 /64. */
	readonly maxSessionsPerIp: number;
	/** Per token subject or key. */
	readonly maxSessionsPerIdentity: number;
	/** New sessions per second from one address, after a burst of `sessionBurstPerIp`. */
	readonly sessionRatePerIp: number;
	readonly sessionBurstPerIp: number;
	readonly maxPendingHandshakes: number;
	readonly handshakeTimeoutMs: number;
	readonly setupTimeoutMs: number;
	readonly authTimeoutMs: number;
	readonly idleTimeoutMs: number;
	readonly streamIdleTimeoutMs: number;
	readonly maxBidiStreams: number;
	readonly maxUniStreams: number;
	readonly maxBidiStreamsCluster: number;
	readonly maxUniStreamsCluster: number;
	readonly maxSubscriptionsPerSession: number;
	readonly maxAnnouncementsPerSession: number;
	readonly maxAnnounceInterests: number;
	/** Control messages per second of one session, after a burst of `controlBurstPerSession`. */
	readonly controlRatePerSession: number;
	readonly controlBurstPerSession: number;
	readonly maxControlMessageBytes: number;
	readonly maxPathBytes: number;
	readonly maxPathParts: number;
	readonly maxReasonBytes: number;
	readonly maxFrameBytes: number;
	readonly maxGroupBytes: number;
	readonly maxGroupsOpenPerTrack: number;
	readonly sendBufferPerSubscriberBytes: number;
	readonly subscriberMaxLagMs: number;
	/** Share of the memory limit, in percent, from which new sessions are refused and cache is evicted. */
	readonly memoryHighPercent: number;
	/** Share of the memory limit, in percent, from which slow subscribers are ended. */
	readonly memoryCriticalPercent: number;
	/** CIDR ranges (peers, probes) that no per-address limit applies to. */
	readonly exempt: readonly string[];
}
