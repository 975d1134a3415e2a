/**
 * What a session tells its owner: the events a relay logs, counts and acts on.
 * @module
 */

/** Why and by whom a session ended. */
export interface SessionEnd {
	/** Session code of protocol §4.10; 0 is a plain close. */
	readonly code: number;
	/** What was told to, or by, the peer; sanitised. */
	readonly reason: string;
	/** Who ended it: us, the peer, or the path. */
	readonly by: "local" | "remote" | "transport";
	/** For the log only: the error that led here, when it was ours. */
	readonly cause?: unknown;
}

/** Something the peer did that was refused; one log line. */
export interface Violation {
	/** What was ended because of it, or never began. */
	readonly dies: "announcement" | "group" | "stream" | "session";
	/** Which part of the protocol it concerns. */
	readonly part: SessionPart;
	/** The code sent. */
	readonly code: number;
	/** For the log; holds no payload and no secret. */
	readonly reason: string;
	/** True: an announcement of a name that the grant does not cover. */
	readonly outsideGrant?: boolean;
}

/** The parts of a session, as log and metrics name them. */
export type SessionPart =
	| "stream"
	| "setup"
	| "announce"
	| "subscribe"
	| "group"
	| "fetch"
	| "track"
	| "probe"
	| "goaway"
	| "datagram";

/** One request of one side, for log and metrics. */
export interface SubscriptionEvent {
	/** Whether the peer subscribed to us ("serving") or we to the peer ("requesting"). */
	readonly side: "serving" | "requesting";
	/** Full path of the broadcast. */
	readonly path: string;
	readonly track: string;
}

/** Events of a session, called from within events of its connection and calls of its owner; none may throw. */
export interface SessionSink {
	/** Version and grant are known; the session serves. `version` is a name of protocol §4.1, such as "moq-lite-05". */
	onReady(version: string): void;
	/** The last event. */
	onEnd(end: SessionEnd): void;
	/** Optional: the peer broke a rule or met a limit. At most one per stream. */
	onViolation?(violation: Violation): void;
	/** Optional: the peer asked us to reconnect; `uri` is "" for the same place. */
	onGoaway?(uri: string): void;
	/** Optional. */
	onSubscribed?(event: SubscriptionEvent): void;
	/** Optional; `code` is 0 for a plain end. */
	onUnsubscribed?(event: SubscriptionEvent, code: number): void;
	/** Optional, and asked for only if it is there: the peer's estimate of what it can send us, in bits per second. */
	onProbe?(report: { readonly bitrate: number | undefined; readonly rttMs: number | undefined }): void;
}

/** Totals of one session since it began; read them when metrics are collected. */
export interface SessionCounters {
	/** Bytes of group bodies and datagrams received from the peer. */
	bytesReceived: number;
	groupsReceived: number;
	/** Incoming groups that were refused, reset or malformed. */
	groupsFailed: number;
	/** Groups handed to a lane for the peer; bytes sent are in the transport's statistics. */
	groupsServed: number;
	/** Groups given up because the peer was too slow. */
	groupsDropped: number;
	datagramsReceived: number;
	datagramsServed: number;
	/** Subscriptions of the peer that are open now. */
	subscriptionsServing: number;
	/** Subscriptions on the peer that are open now. */
	subscriptionsRequesting: number;
	/** Broadcasts the peer announces now. */
	announcements: number;
}
