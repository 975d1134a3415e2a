/**
 * All sessions of the relay: begun, counted, logged, judged again when keys change, and let go.
 * @module
 */
import {
	type Authorise,
	type Clock,
	type Connection,
	type Grant,
	type Origin,
	Session,
	type SessionEnd,
	type SessionLimits,
	type SessionSink,
	type Violation,
} from "@moq-relay/core";
import { Code, formatCode } from "@moq-relay/wire";
import type { Authoriser, AuthRequest, DoorKind } from "../auth/authoriser.ts";
import { parseTarget } from "../auth/target.ts";
import { codeLabel, type Labels, type Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import { REVIEWS_PER_TURN } from "./limits.ts";
import type { Scope } from "./totals.ts";

/** What all sessions share. */
export interface SessionsOptions {
	readonly clock: Clock;
	readonly origin: Origin;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly authoriser: Authoriser;
	/** Bounds of a publisher's or viewer's session. */
	readonly publicBounds: SessionLimits;
	/** Bounds of a session with another relay. */
	readonly clusterBounds: SessionLimits;
	/** Names of the versions that an in-band SETUP may choose. */
	readonly versions: readonly string[];
	/** `[auth] mtls_tier`: the tier of peers with a client certificate; default none. */
	readonly certificateTier?: string | undefined;
}

/** How one session begins. */
export interface SessionStart {
	/** Who dialled. */
	readonly direction: "in" | "out";
	/** What it may do, and what it was let in for; undefined: its path comes in SETUP, and is judged then. */
	readonly granted: { readonly grant: Grant; readonly request: AuthRequest | undefined } | undefined;
	/** Which kind of listener it came to; default a public one. */
	readonly door?: DoorKind;
	/** URL of the relay that was dialled, without secrets. */
	readonly peer?: string;
	/** What a route through the peer costs; default 1. */
	readonly linkCost?: number;
	/** Statistics label; default none. */
	readonly tier?: string;
	/** Client only: path and query to name in SETUP. */
	readonly path?: string;
	/** Names of the versions that an in-band SETUP may choose; default those of `SessionsOptions`. */
	readonly versions?: readonly string[];
	/** Version and grant are known. */
	onReady?(): void;
	/** Called once, whatever becomes of the session. */
	onEnd?(end: SessionEnd): void;
}

/** A session that has not ended. */
export interface LiveSession {
	/** Counts up; the name of the session in log and `/sessions`. */
	readonly id: number;
	readonly connection: Connection;
	readonly session: Session;
	readonly start: SessionStart;
	/** Monotonic milliseconds. */
	readonly openedMs: number;
	/** What it was let in for, to be judged again; undefined for those that we dialled, and before SETUP. */
	request: AuthRequest | undefined;
	/** Statistics label; "" for none. */
	readonly tier: string;
}

/** Hears of every session. */
export interface SessionObserver {
	/** Version and grant are known. */
	onReady(live: LiveSession): void;
	/** Also for those that were never ready. */
	onEnded(live: LiveSession): void;
}

/** The sessions of a relay. */
export class Sessions implements Disposable {
	readonly #options: SessionsOptions;
	readonly #live = new Map<number, LiveSession>();
	readonly #unwatchKeys: () => void;
	readonly #observers = new Set<SessionObserver>();
	#onClosed: ((session: LiveSession) => void) | undefined;
	#nextId = 1;
	#goawayUri: string | undefined;
	#reviewing: "no" | "yes" | "again" = "no";
	#whenEmpty: (() => void)[] = [];

	constructor(options: SessionsOptions) {
		this.#options = options;
		this.#unwatchKeys = options.authoriser.onKeysChanged(() => void this.review());
	}

	/** Sessions that have not ended. */
	get size(): number {
		return this.#live.size;
	}

	/** Those sessions. */
	values(): Iterable<LiveSession> {
		return this.#live.values();
	}

	/** Be told of each session once, when it has ended; for sums. */
	onClosed(listener: (session: LiveSession) => void): void {
		this.#onClosed = listener;
	}

	/** Be told of sessions from now on. */
	observe(observer: SessionObserver): void {
		this.#observers.add(observer);
	}

	/** Begin a session; it takes the connection over in this call. */
	serve(connection: Connection, start: SessionStart): LiveSession {
		const id = this.#nextId;
		this.#nextId += 1;
		const { clock, origin, versions, publicBounds, clusterBounds } = this.#options;
		const session = new Session(connection, {
			clock,
			origin,
			versions: start.versions ?? versions,
			authorise: (path, decide) => this.#authorise(live, path, decide),
			limits: start.granted?.grant.cluster === true ? clusterBounds : publicBounds,
			sink: this.#sink(() => live),
			...(start.linkCost !== undefined && { linkCost: start.linkCost }),
			...(start.path !== undefined && { path: start.path }),
		});
		const request = start.granted?.request;
		const tier = start.tier ?? this.#tierOf(connection, request);
		const live: LiveSession = { id, connection, session, start, openedMs: clock.nowMs(), request, tier };
		this.#live.set(id, live);
		return live;
	}

	/** Tell every peer to reconnect elsewhere, or (with "") to the same place; also those that are not ready yet. */
	goaway(uri: string): void {
		this.#goawayUri = uri;
		for (const { session } of this.#live.values()) session.goaway(uri);
	}

	/** End every session. */
	closeAll(code: number, reason: string): void {
		for (const { session } of this.#live.values()) session.close(code, reason);
	}

	/** Resolves when no session is left. */
	empty(): Promise<void> {
		if (this.#live.size === 0) return Promise.resolve();
		return new Promise((resolve) => this.#whenEmpty.push(resolve));
	}

	/** Judge every session again, since keys have changed: what is no longer granted ends. Never rejects. */
	async review(): Promise<void> {
		if (this.#reviewing !== "no") {
			this.#reviewing = "again";
			return;
		}
		do {
			this.#reviewing = "yes";
			let judged = 0;
			// Those that come meanwhile are judged by the new keys anyway.
			for (const live of Array.from(this.#live.values())) {
				await this.#reviewOne(live);
				judged += 1;
				if (judged % REVIEWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
			}
		} while (this.#isReviewedAgain());
		this.#reviewing = "no";
	}

	[Symbol.dispose](): void {
		this.#unwatchKeys();
	}

	#isReviewedAgain(): boolean {
		return this.#reviewing === "again";
	}

	async #reviewOne(live: LiveSession): Promise<void> {
		if (live.request === undefined) return;
		const outcome = await this.#options.authoriser.review(live.request);
		const { grant } = live.session;
		if (grant === undefined || !this.#live.has(live.id)) return;
		if (outcome.ok && outcome.grant.root === grant.root) {
			live.session.regrant(this.#bounded(outcome.grant));
			return;
		}
		this.#options.log.warn("auth.revoked", { session: live.id, ...about(live) }, "its keys have changed");
		live.session.close(Code.Unauthorized, "unauthorized");
	}

	#tierOf({ info }: Connection, request: AuthRequest | undefined): string {
		const certificate = request?.peerCertificate ?? info.peerCertificate;
		return (certificate === undefined ? undefined : this.#options.certificateTier) ?? "";
	}

	#authorise(live: LiveSession, ...[path, decide]: Parameters<Authorise>): void {
		const { granted } = live.start;
		if (granted !== undefined) {
			decide(this.#bounded(granted.grant));
			return;
		}
		const { info } = live.connection;
		const { path: plain, jwt, register } = parseTarget(path);
		const request: AuthRequest = {
			path: plain,
			jwt,
			register,
			transport: info.transport,
			remote: info.remote,
			peerCertificate: info.peerCertificate,
			peerIdentity: info.peerIdentity,
			door: live.start.door,
		};
		void this.#options.authoriser.authorise(request).then((outcome) => {
			live.request = request;
			if (outcome.ok) {
				this.#options.metrics.count("moq_auth_total");
				decide(this.#bounded(outcome.grant));
				return;
			}
			this.#options.metrics.count("moq_auth_failures_total", { reason: outcome.rejection.reason });
			decide({ code: outcome.rejection.code, reason: outcome.rejection.message });
		});
	}

	/** A relay's grant brings its wider bounds with it. */
	#bounded(grant: Grant): Grant & { readonly limits: SessionLimits } {
		const { publicBounds, clusterBounds } = this.#options;
		return { ...grant, limits: grant.cluster ? clusterBounds : publicBounds };
	}

	#sink(live: () => LiveSession): SessionSink {
		const { metrics } = this.#options;
		return {
			onReady: (version) => this.#ready(live(), version),
			onEnd: (end) => this.#ended(live(), end),
			onViolation: (violation) => this.#violated(live(), violation),
			onSubscribed: ({ side }) => metrics.count("moq_relay_subscriptions_opened_total", labels(live(), side)),
			onUnsubscribed: ({ side }) => metrics.count("moq_relay_subscriptions_closed_total", labels(live(), side)),
		};
	}

	#ready(live: LiveSession, version: string): void {
		const { log, metrics } = this.#options;
		metrics.count("moq_sessions_total", { transport: live.connection.info.transport, role: scopeOf(live) });
		metrics.count("moq_relay_sessions_opened_total", { tier: live.tier });
		const root = live.session.grant?.root ?? "";
		log.info("session.open", { session: live.id, ...about(live), version, root });
		live.start.onReady?.();
		for (const observer of this.#observers) observer.onReady(live);
		if (this.#goawayUri !== undefined) live.session.goaway(this.#goawayUri);
	}

	#ended(live: LiveSession, end: SessionEnd): void {
		const { log, metrics, clock } = this.#options;
		this.#live.delete(live.id);
		metrics.count("moq_sessions_closed_total", { reason: codeLabel(end.code) });
		metrics.count("moq_relay_sessions_closed_total", { tier: live.tier });
		const { bytesReceived, groupsReceived, groupsServed, groupsDropped } = live.session.counters;
		const fields = {
			session: live.id,
			code: formatCode(end.code),
			by: end.by,
			...about(live),
			version: live.session.version,
			seconds: Math.round((clock.nowMs() - live.openedMs) / 100) / 10,
			bytesReceived,
			groupsReceived,
			groupsServed,
			groupsDropped,
			cause: end.cause instanceof Error ? end.cause : undefined,
			reason: end.reason,
		};
		if (isFault(end)) log.warn("session.close", fields);
		else log.info("session.close", fields);
		this.#onClosed?.(live);
		live.start.onEnd?.(end);
		for (const observer of this.#observers) observer.onEnded(live);
		if (this.#live.size > 0) return;
		for (const resolve of this.#whenEmpty.splice(0)) resolve();
	}

	#violated(live: LiveSession, { dies, part, code, reason, outsideGrant }: Violation): void {
		const { metrics } = this.#options;
		if (outsideGrant === true && scopeOf(live) === "cluster") metrics.count("moq_cluster_announcements_refused_total");
		metrics.count("moq_protocol_errors_total", { code: codeLabel(code) });
		const fields = { session: live.id, ...about(live), dies, part, code: formatCode(code), reason };
		this.#options.log.warn("proto.violation", fields);
	}
}

/** Whether the peer broke a rule, or we did; that a peer left, or was not let in, is everyday. */
function isFault({ by, code, cause }: SessionEnd): boolean {
	if (by === "remote" || code === Code.Cancel) return false;
	return VIOLATIONS.has(code) || (by === "local" && cause instanceof Error);
}

/** Whether a session is one of the cluster's. */
export function scopeOf(live: LiveSession): Scope {
	return live.start.direction === "out" || live.session.grant?.cluster === true ? "cluster" : "public";
}

function about({ connection, start }: LiveSession) {
	const { remote, transport } = connection.info;
	return { remote, transport, direction: start.direction };
}

function labels({ tier }: LiveSession, side: "serving" | "requesting"): Labels {
	return { tier, role: side === "serving" ? "subscriber" : "publisher" };
}

const VIOLATIONS: ReadonlySet<number> = new Set([
	Code.Decode,
	Code.UnexpectedStream,
	Code.BoundsExceeded,
	Code.Duplicate,
	Code.WrongSize,
	Code.ProtocolViolation,
	Code.UnexpectedMessage,
	Code.TooManyParameters,
]);
