/**
 * The settings of `[limits]`.
 * @module
 */
import type { LimitsConfig } from "../limits.ts";
import { byteCount, count, duration, type Kind, listOf, pattern } from "./kind.ts";
import { type Setting, setting, type Table, table } from "./setting.ts";

/** Limits that the relay acts on; one that is not here is reported when it is set. */
const ENFORCED: ReadonlySet<string> = new Set<string>([]);

/** The settings of `[limits]`, with their defaults. */
export const limitsTable: Table<LimitsConfig> = table(
	{ doc: "Bounds; 0 is off unless a unit is given" },
	{
		maxSessions: limit(count(0), "max_sessions", [20_000, "Sessions at once"]),
		maxSessionsPerIp: limit(count(0), "max_sessions_per_ip", [200, "Sessions at once of one IPv4 address or IPv6 /64"]),
		maxSessionsPerIdentity: limit(count(0), "max_sessions_per_identity", [
			1000,
			"Sessions at once of one token subject or key",
		]),
		sessionRatePerIp: limit(count(0), "session_rate_per_ip", [20, "New sessions per second of one address"]),
		sessionBurstPerIp: limit(count(0), "session_burst_per_ip", [100, "New sessions at once before the rate counts"]),
		maxPendingHandshakes: limit(count(0), "max_pending_handshakes", [1024, "Handshakes that run at once"]),
		handshakeTimeoutMs: limit(duration(), "handshake_timeout", ["10s", "Time for a handshake"]),
		setupTimeoutMs: limit(duration(), "setup_timeout", ["10s", "Time for a session's first messages"]),
		authTimeoutMs: limit(duration(), "auth_timeout", ["5s", "Time for a key server to answer"]),
		idleTimeoutMs: limit(duration(), "idle_timeout", ["30s", "A session that is silent for this long is over"]),
		streamIdleTimeoutMs: limit(duration(), "stream_idle_timeout", ["30s", "A stream that brings nothing is reset"]),
		maxBidiStreams: limit(count(0), "max_bidi_streams", [128, "Bidirectional streams that a client may have open"]),
		maxUniStreams: limit(count(0), "max_uni_streams", [1024, "Unidirectional streams that a client may have open"]),
		maxBidiStreamsCluster: limit(count(0), "max_bidi_streams_cluster", [4096, "The same for another relay"]),
		maxUniStreamsCluster: limit(count(0), "max_uni_streams_cluster", [16_384, "The same for another relay"]),
		maxSubscriptionsPerSession: limit(count(0), "max_subscriptions_per_session", [1024, "Subscriptions at once"]),
		maxAnnouncementsPerSession: limit(count(0), "max_announcements_per_session", [1024, "Broadcasts at once"]),
		maxAnnounceInterests: limit(count(0), "max_announce_interests", [64, "Announcement requests at once"]),
		controlRatePerSession: limit(count(0), "control_rate_per_session", [200, "Control messages per second"]),
		controlBurstPerSession: limit(count(0), "control_burst_per_session", [400, "At once before the rate counts"]),
		maxControlMessageBytes: limit(byteCount(), "max_control_message", [65_535, "One control message"]),
		maxPathBytes: limit(byteCount(), "max_path_bytes", [1024, "A path or broadcast name"]),
		maxPathParts: limit(count(1), "max_path_parts", [32, "Segments of a path"]),
		maxReasonBytes: limit(byteCount(), "max_reason_bytes", [1024, "A close reason"]),
		maxFrameBytes: limit(byteCount(), "max_frame", ["32MiB", "One frame"]),
		maxGroupBytes: limit(byteCount(), "max_group", ["64MiB", "One group"]),
		maxGroupsOpenPerTrack: limit(count(1), "max_groups_open_per_track", [16, "Groups that grow at once"]),
		sendBufferPerSubscriberBytes: limit(byteCount(), "send_buffer_per_subscriber", [
			"8MiB",
			"Unsent bytes of a viewer before it is skipped forward",
		]),
		subscriberMaxLagMs: limit(duration(), "subscriber_max_lag", ["5s", "How far behind a viewer may be"]),
		memoryHighPercent: limit(count(1, 100), "memory_high", [
			75,
			"Percent of memory above which new sessions are refused",
		]),
		memoryCriticalPercent: limit(count(1, 100), "memory_critical", [
			85,
			"Percent of memory above which slow viewers are ended",
		]),
		exempt: limit(listOf(pattern(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, "an address range", "CIDR")), "exempt", [
			[],
			"Address ranges that no limit per address applies to",
		]),
	},
);

function limit<T>(kind: Kind<T>, key: string, [fallback, doc]: readonly [unknown, string]): Setting<T> {
	return setting(kind, {
		doc,
		key,
		fallback,
		reload: "no: read at start",
		...(!ENFORCED.has(key) && { pending: "the relay does not act on it; its built-in bounds hold" }),
	});
}
