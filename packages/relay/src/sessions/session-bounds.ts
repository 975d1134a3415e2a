/**
 * The bounds of a session, as `[limits]` moves those of core.
 * @module
 */
import { CLUSTER_SESSION_LIMITS, SESSION_LIMITS, type SessionLimits } from "@moq-relay/core";
import type { LimitsConfig } from "../limits.ts";

/** What sessions read of `[limits]`. */
export type SessionLimitsConfig = Pick<
	LimitsConfig,
	| "maxSubscriptionsPerSession"
	| "maxAnnouncementsPerSession"
	| "maxAnnounceInterests"
	| "setupTimeoutMs"
	| "sendBufferPerSubscriberBytes"
>;

/** Bounds of a publisher's or viewer's session. */
export function publicBounds(config: SessionLimitsConfig): SessionLimits {
	const announcements = orUnbounded(config.maxAnnouncementsPerSession);
	return {
		...SESSION_LIMITS,
		subscriptions: orUnbounded(config.maxSubscriptionsPerSession),
		announcements,
		announcementBytes: announcements * NAME_BYTES,
		interests: orUnbounded(config.maxAnnounceInterests),
		setupMs: orUnbounded(config.setupTimeoutMs),
		laneBudgetBytes: orUnbounded(config.sendBufferPerSubscriberBytes),
	};
}

/** Bounds of a session with another relay. */
export function clusterBounds(config: SessionLimitsConfig): SessionLimits {
	return {
		...CLUSTER_SESSION_LIMITS,
		setupMs: orUnbounded(config.setupTimeoutMs),
		laneBudgetBytes: orUnbounded(config.sendBufferPerSubscriberBytes),
	};
}

/** Bytes of a broadcast's name that its publisher may use on average. */
const NAME_BYTES = SESSION_LIMITS.announcementBytes / SESSION_LIMITS.announcements;

/** In `[limits]`, 0 is off. */
function orUnbounded(value: number): number {
	return value === 0 ? Number.POSITIVE_INFINITY : value;
}
