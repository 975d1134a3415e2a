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

/** Characters of a wrong value that a configuration error quotes; an error is one line. */
export const CONFIG_VALUE_CHARS_MAX: number = 80;

/** Peers with rules of their own in `[cluster.peers]`; each new session of a relay is compared with all of them. */
export const PEER_RULES_MAX: number = 1024;

const SECOND_MS = 1000;
const KIB = 1024;
const MIB = 1024 * KIB;

/** `[limits]` when nobody sets anything. */
export const LIMITS_DEFAULT: LimitsConfig = {
	maxSessions: 20_000,
	maxSessionsPerIp: 200,
	maxSessionsPerIdentity: 1000,
	sessionRatePerIp: 20,
	sessionBurstPerIp: 100,
	maxPendingHandshakes: 1024,
	handshakeTimeoutMs: 10 * SECOND_MS,
	setupTimeoutMs: 10 * SECOND_MS,
	authTimeoutMs: 5 * SECOND_MS,
	idleTimeoutMs: 30 * SECOND_MS,
	streamIdleTimeoutMs: 30 * SECOND_MS,
	// Real clients open one stream per group: below this, audio alone meets the bound.
	maxBidiStreams: 128,
	maxUniStreams: 1024,
	maxBidiStreamsCluster: 4096,
	maxUniStreamsCluster: 16_384,
	maxSubscriptionsPerSession: 1024,
	maxAnnouncementsPerSession: 1024,
	maxAnnounceInterests: 64,
	controlRatePerSession: 200,
	controlBurstPerSession: 400,
	maxControlMessageBytes: 64 * KIB,
	maxPathBytes: KIB,
	maxPathParts: 32,
	maxReasonBytes: KIB,
	maxFrameBytes: 32 * MIB,
	maxGroupBytes: 64 * MIB,
	maxGroupsOpenPerTrack: 16,
	sendBufferPerSubscriberBytes: 8 * MIB,
	subscriberMaxLagMs: 5 * SECOND_MS,
	memoryHighPercent: 75,
	memoryCriticalPercent: 85,
	exempt: [],
};
