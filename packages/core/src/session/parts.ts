/**
 * The parts of one session, each with the state it owns.
 * @module
 */
import type { AnnounceListening } from "./announce-listening.ts";
import type { AnnounceServing } from "./announce-serving.ts";
import type { ProbeServing } from "./probe-serving.ts";
import type { RequestServing } from "./request-serving.ts";
import type { SubscriptionRequesting } from "./subscription-requesting.ts";
import type { SubscriptionServing } from "./subscription-serving.ts";

/** Who serves the peer, and who asks it. */
export interface SessionParts {
	readonly announceServing: AnnounceServing;
	readonly announceListening: AnnounceListening;
	readonly subscriptionServing: SubscriptionServing;
	readonly subscriptionRequesting: SubscriptionRequesting;
	readonly requestServing: RequestServing;
	readonly probeServing: ProbeServing;
}
