/**
 * The way in that all listeners share: a place among the sessions, a judgement, and a session.
 * @module
 */
import type { Clock, Connection, Grant } from "@moq-relay/core";
import type { Admission, AdmissionLimit, Place } from "../admission/admission.ts";
import type { AuthOutcome, Authoriser, AuthRequest, DoorKind } from "../auth/authoriser.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** What the gate is made of. */
export interface GateOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly admission: Admission;
	readonly authoriser: Authoriser;
	readonly sessions: Sessions;
	/** Whom this way in is for. */
	readonly door: DoorKind;
}

/** Decides about peers at the door, whatever they came by. */
export class Gate {
	readonly #options: GateOptions;

	constructor(options: GateOptions) {
		this.#options = options;
	}

	/** Whom this way in is for. */
	get door(): DoorKind {
		return this.#options.door;
	}

	/** A place for a peer, or the limit against it, which has been logged and counted. */
	enter(remote: string): Place | AdmissionLimit {
		const { admission, clock, log, metrics } = this.#options;
		const place = admission.enter(remote, clock.nowMs());
		if (typeof place !== "string") return place;
		metrics.count("moq_limit_rejections_total", { limit: place });
		log.warn(place === "max_sessions" ? "limit.session" : "limit.ip", { reason: place, remote, door: this.door });
		return place;
	}

	/** The HTTP status that stands for a limit. */
	statusOf(limit: AdmissionLimit): number {
		if (limit === "not_allowed") return 403;
		return limit === "max_sessions" || limit === "draining" ? 503 : 429;
	}

	/** Judge a peer; logged and counted. Never rejects. */
	async judge(request: AuthRequest): Promise<AuthOutcome> {
		const { authoriser, metrics } = this.#options;
		const outcome = await authoriser.authorise(request);
		if (outcome.ok) metrics.count("moq_auth_total");
		else metrics.count("moq_auth_failures_total", { reason: outcome.rejection.reason });
		return outcome;
	}

	/** Begin the session of a peer that was let in; its place is released with it. */
	serve(
		connection: Connection,
		place: Place,
		granted: { readonly grant: Grant; readonly request: AuthRequest } | undefined,
	): void {
		const { sessions, door } = this.#options;
		sessions.serve(connection, { direction: "in", door, granted, onEnd: () => place.release() });
	}
}
