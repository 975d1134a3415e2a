/**
 * The state that all parts of one session see, and its end.
 * @module
 */
import { LITE_01, type LiteVersion } from "@moq-relay/wire";
import type { Clock } from "../clock.ts";
import type { Origin } from "../routing/origin.ts";
import type { Connection, ConnectionEnd } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import type { SessionError } from "./error.ts";
import type { Grant } from "./grant.ts";
import type { IncomingGroup } from "./incoming-group.ts";
import type { SessionLimits } from "./limits.ts";
import { RateLimit } from "./rate.ts";
import type { SessionCounters, SessionSink, Violation } from "./sink.ts";

/** What the state is made of. */
export interface StateOptions {
	readonly clock: Clock;
	readonly origin: Origin;
	readonly sink: SessionSink;
	readonly limits: SessionLimits;
	readonly linkCost?: number;
	/** Called once, at the end: let go of everything. */
	readonly detach: () => void;
}

/** The one implementation of `SessionContext`; only the session itself changes it. */
export class SessionState implements SessionContext {
	readonly connection: Connection;
	readonly clock: Clock;
	readonly origin: Origin;
	readonly sink: SessionSink;
	readonly peerId: number;
	readonly linkCost: number;
	readonly counters: SessionCounters = zeroCounters();
	readonly requests: Set<{ onAbort(code: number): void }> = new Set();
	readonly openGroups: Set<IncomingGroup> = new Set();
	version: LiteVersion = LITE_01;
	ready = false;
	#limits: SessionLimits;
	#messages: RateLimit;
	#grant: Grant = GRANT_NONE;
	#over = false;
	#fault: SessionError | undefined;
	readonly #detach: () => void;

	constructor(connection: Connection, options: StateOptions) {
		this.connection = connection;
		this.clock = options.clock;
		this.origin = options.origin;
		this.sink = options.sink;
		this.linkCost = options.linkCost ?? 1;
		this.peerId = randomId(options.clock);
		this.#detach = options.detach;
		this.#limits = options.limits;
		this.#messages = this.#messageRate();
	}

	get limits(): SessionLimits {
		return this.#limits;
	}

	get messages(): RateLimit {
		return this.#messages;
	}

	get grant(): Grant {
		return this.#grant;
	}

	/** True once the session has ended, whoever ended it. */
	get over(): boolean {
		return this.#over;
	}

	/** Take a new grant, and the limits that come with it. */
	allow(grant: Grant): void {
		this.#grant = grant;
		if (grant.limits === undefined || grant.limits === this.#limits) return;
		this.#limits = grant.limits;
		this.#messages = this.#messageRate();
	}

	fail(error: SessionError): void {
		if (this.#over) return;
		this.#over = true;
		this.#fault = error;
		this.#detach();
		this.connection.close(error.code, error.message);
	}

	report(violation: Violation): void {
		this.sink.onViolation?.(violation);
	}

	/** The connection is gone. */
	onEnd(end: ConnectionEnd): void {
		if (!this.#over) {
			this.#over = true;
			this.#detach();
		}
		// What we said when we closed is more telling than what the transport makes of it.
		const fault = end.by === "local" ? this.#fault : undefined;
		if (fault === undefined) this.sink.onEnd(end);
		else this.sink.onEnd({ code: fault.code, reason: fault.message, by: "local", cause: fault.cause });
	}

	#messageRate(): RateLimit {
		const { messagesPerSecond: perSecond, messageBurst: burst } = this.#limits;
		return new RateLimit(this.clock, { perSecond, burst });
	}
}

/** An id for hop lists that nobody else has: below 2^53, since old clients read them as numbers. */
export function randomId(clock: Clock): number {
	return 1 + Math.floor(clock.random() * (Number.MAX_SAFE_INTEGER - 1));
}

function zeroCounters(): SessionCounters {
	return {
		bytesReceived: 0,
		groupsReceived: 0,
		groupsFailed: 0,
		groupsServed: 0,
		groupsDropped: 0,
		datagramsReceived: 0,
		datagramsServed: 0,
		subscriptionsServing: 0,
		subscriptionsRequesting: 0,
		announcements: 0,
	};
}

/** Before anything is decided. */
const GRANT_NONE: Grant = { root: "", publish: [], subscribe: [], cluster: false };
