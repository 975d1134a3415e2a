/**
 * What the parts of one session share.
 * @module
 */
import type { LiteVersion } from "@moq-relay/wire";
import type { Clock } from "../clock.ts";
import type { Origin } from "../routing/origin.ts";
import type { Connection } from "../transport.ts";
import type { SessionError } from "./error.ts";
import type { Grant } from "./grant.ts";
import type { IncomingGroup } from "./incoming-group.ts";
import type { SessionLimits } from "./limits.ts";
import type { RateLimit } from "./rate.ts";
import type { SessionCounters, SessionSink, Violation } from "./sink.ts";

/** One session as its parts see it. */
export interface SessionContext {
	readonly connection: Connection;
	readonly clock: Clock;
	readonly origin: Origin;
	readonly sink: SessionSink;
	readonly counters: SessionCounters;
	readonly limits: SessionLimits;
	/** Control messages of the peer. */
	readonly messages: RateLimit;
	/** True once the session has ended, whoever ended it. */
	readonly over: boolean;
	/** True once version and grant are decided; until then the version is a stand-in and the grant is of nothing. */
	readonly ready: boolean;
	readonly version: LiteVersion;
	readonly grant: Grant;
	/** The hop id that stands for a peer which names none: random, the same for the whole session. */
	readonly peerId: number;
	readonly linkCost: number;
	/** Open requests of ours that one answer ends; told when the session is over. */
	readonly requests: Set<{ onAbort(code: number): void }>;
	/** Group streams of the peer that are open. */
	readonly openGroups: Set<IncomingGroup>;
	/** End the session because of an error; ignored when it has ended. */
	fail(error: SessionError): void;
	/** Tell the owner what was refused. */
	report(violation: Violation): void;
}
