/**
 * The settings of `[limits]`.
 * @module
 */
import { LIMITS_DEFAULT, type LimitsConfig } from "../limits.ts";
import { formatDuration } from "./duration.ts";
import { byteCount, count, duration, type Kind, listOf, pattern } from "./kind.ts";
import { type Setting, setting, type Table, table } from "./setting.ts";
import { formatByteCount } from "./size.ts";

/** Limits that the relay acts on; any other is reported when it is set. */
const ENFORCED: ReadonlySet<keyof LimitsConfig> = new Set<keyof LimitsConfig>([
	"authTimeoutMs",
	"exempt",
	"handshakeTimeoutMs",
	"maxAnnounceInterests",
	"maxAnnouncementsPerSession",
	"maxPendingHandshakes",
	"maxSessions",
	"maxSessionsPerIp",
	"maxSubscriptionsPerSession",
	"sendBufferPerSubscriberBytes",
	"sessionBurstPerIp",
	"sessionRatePerIp",
	"setupTimeoutMs",
]);

/** The settings of `[limits]`, with their defaults. */
export const limitsTable: Table<LimitsConfig> = table(
	{ doc: "Bounds; a count or rate of 0 is off" },
	{
		maxSessions: amount("maxSessions", "Sessions at once"),
		maxSessionsPerIp: amount("maxSessionsPerIp", "Sessions at once of one IPv4 address or IPv6 /64"),
		maxSessionsPerIdentity: amount("maxSessionsPerIdentity", "Sessions at once of one token subject or key"),
		sessionRatePerIp: amount("sessionRatePerIp", "New sessions per second of one address"),
		sessionBurstPerIp: amount("sessionBurstPerIp", "New sessions of one address before the rate counts"),
		maxPendingHandshakes: amount("maxPendingHandshakes", "Handshakes that run at once"),
		handshakeTimeoutMs: time("handshakeTimeoutMs", "Longest handshake"),
		setupTimeoutMs: time("setupTimeoutMs", "Longest wait for a session's first messages"),
		authTimeoutMs: time("authTimeoutMs", "Longest wait for a key server"),
		idleTimeoutMs: time("idleTimeoutMs", "A session that is silent for this long is over"),
		streamIdleTimeoutMs: time("streamIdleTimeoutMs", "A stream that brings nothing for this long is reset"),
		maxBidiStreams: amount("maxBidiStreams", "Bidirectional streams that a client may have open"),
		maxUniStreams: amount("maxUniStreams", "Unidirectional streams that a client may have open"),
		maxBidiStreamsCluster: amount("maxBidiStreamsCluster", "Bidirectional streams that a relay may have open"),
		maxUniStreamsCluster: amount("maxUniStreamsCluster", "Unidirectional streams that a relay may have open"),
		maxSubscriptionsPerSession: amount("maxSubscriptionsPerSession", "Subscriptions of one session"),
		maxAnnouncementsPerSession: amount("maxAnnouncementsPerSession", "Broadcasts that one session announces"),
		maxAnnounceInterests: amount("maxAnnounceInterests", "Prefixes whose announcements one session asks for"),
		controlRatePerSession: amount("controlRatePerSession", "Control messages per second of one session"),
		controlBurstPerSession: amount("controlBurstPerSession", "Control messages before the rate counts"),
		maxControlMessageBytes: bytes("maxControlMessageBytes", "max_control_message", "One control message"),
		maxPathBytes: bytes("maxPathBytes", "max_path_bytes", "A path or broadcast name"),
		maxPathParts: amount("maxPathParts", "Segments of a path"),
		maxReasonBytes: bytes("maxReasonBytes", "max_reason_bytes", "A close reason"),
		maxFrameBytes: bytes("maxFrameBytes", "max_frame", "One frame"),
		maxGroupBytes: bytes("maxGroupBytes", "max_group", "One group"),
		maxGroupsOpenPerTrack: amount("maxGroupsOpenPerTrack", "Groups of one track that grow at once"),
		sendBufferPerSubscriberBytes: bytes(
			"sendBufferPerSubscriberBytes",
			"send_buffer_per_subscriber",
			"What a viewer may be behind before it is skipped forward",
		),
		subscriberMaxLagMs: time("subscriberMaxLagMs", "How far behind a viewer may be before it is skipped forward"),
		memoryHighPercent: percent("memoryHighPercent", "memory_high", "Memory above which new sessions are refused"),
		memoryCriticalPercent: percent("memoryCriticalPercent", "memory_critical", "Memory above which slow viewers go"),
		exempt: limit(listOf(pattern(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, "an address range such as 10.0.0.0/8", "CIDR")), {
			property: "exempt",
			doc: "Address ranges that no limit per address applies to; loopback too, while those limits have their defaults",
			fallback: LIMITS_DEFAULT.exempt,
		}),
	},
);

/** Limits whose value is a number. */
type NumberLimit = { [K in keyof LimitsConfig]: LimitsConfig[K] extends number ? K : never }[keyof LimitsConfig];

function amount(property: NumberLimit, doc: string): Setting<number> {
	return limit(count(0), { property, doc, fallback: LIMITS_DEFAULT[property] });
}

function time(property: NumberLimit, doc: string): Setting<number> {
	return limit(duration(), { property, doc, fallback: formatDuration(LIMITS_DEFAULT[property]) });
}

function bytes(property: NumberLimit, key: string, doc: string): Setting<number> {
	return limit(byteCount(), { property, key, doc, fallback: formatByteCount(LIMITS_DEFAULT[property]) });
}

function percent(property: NumberLimit, key: string, doc: string): Setting<number> {
	return limit(count(1, 100), { property, key, doc: `${doc}, in percent`, fallback: LIMITS_DEFAULT[property] });
}

interface LimitFacts {
	readonly property: keyof LimitsConfig;
	readonly doc: string;
	readonly fallback: unknown;
	readonly key?: string;
}

function limit<T>(kind: Kind<T>, { property, ...facts }: LimitFacts): Setting<T> {
	const pending = "the relay does not act on it; its built-in bounds hold";
	return setting(kind, { ...facts, reload: "no: read at start", ...(!ENFORCED.has(property) && { pending }) });
}
