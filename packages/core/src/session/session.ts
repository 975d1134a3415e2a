/**
 * One MoQ session over one connection: both roles at once, in every moq-lite version.
 * @module
 */
import { Code, type LiteVersion, type Setup } from "@moq-relay/wire";
import type { Clock } from "../clock.ts";
import type { OriginId } from "../model/route.ts";
import type { Origin } from "../routing/origin.ts";
import type { Connection } from "../transport.ts";
import { AnnounceListening } from "./announce-listening.ts";
import { AnnounceServing } from "./announce-serving.ts";
import type { SessionContext } from "./context.ts";
import { SessionError } from "./error.ts";
import { sendGoaway } from "./goaway.ts";
import type { Authorise, Grant } from "./grant.ts";
import { Handshake } from "./handshake.ts";
import { EXPIRY_CHECK_MS, type SessionLimits } from "./limits.ts";
import type { SessionParts } from "./parts.ts";
import { ProbeServing } from "./probe-serving.ts";
import { RequestServing } from "./request-serving.ts";
import { requestProbe } from "./requested-probe.ts";
import type { SessionCounters, SessionSink } from "./sink.ts";
import { SessionState } from "./state.ts";
import { StreamDispatch } from "./stream-dispatch.ts";
import { SubscriptionRequesting } from "./subscription-requesting.ts";
import { SubscriptionServing } from "./subscription-serving.ts";

/** What a session needs from its owner. */
export interface SessionOptions {
	readonly clock: Clock;
	/** The routing table that the peer's announcements go into and that the peer is served from. */
	readonly origin: Origin;
	/**
	 * Asked once, when the path is known: at once where the connection carries it, after the peer's SETUP on raw QUIC with
	 * moq-lite-05, and with `undefined` where the version carries none. The answer may come later, within `limits.setupMs`.
	 * A client passes `(_path, decide) => decide(grant)`.
	 */
	readonly authorise: Authorise;
	readonly limits: SessionLimits;
	readonly sink: SessionSink;
	/** Client only: path and query to name in SETUP, on connections that carry none. */
	readonly path?: string;
	/** What a route through this peer costs; default 1. */
	readonly linkCost?: number;
	/** Names of the versions that an in-band SETUP may choose; default moq-lite-02 and 01. */
	readonly versions?: readonly string[];
}

/** How much of each thing a session holds at the moment; all zero once it has ended. */
export interface SessionCensus {
	/** Streams of the peer that have not shown what they are. */
	readonly pendingStreams: number;
	/** Announce streams that the peer opened, and that we did. */
	readonly interestsServing: number;
	readonly interestsRequesting: number;
	readonly announcements: number;
	readonly subscriptionsServing: number;
	readonly subscriptionsRequesting: number;
	/** Fetches and track infos that the peer waits for, and that we do. */
	readonly requestsServing: number;
	readonly requestsRequesting: number;
	readonly probesServing: number;
	readonly incomingGroups: number;
}

/** A running session. It takes over the connection at once (`accept`) and lives until `onEnd`. */
export class Session {
	readonly #state: SessionState;
	readonly #parts: SessionParts;
	readonly #handshake: Handshake;
	readonly #dispatch: StreamDispatch;
	#hasVersion = false;
	#cancelExpiry: (() => void) | undefined;

	/** No event of the sink comes before this returns. */
	constructor(connection: Connection, options: SessionOptions) {
		const { clock, origin, sink, limits, linkCost = 1 } = options;
		const state = new SessionState(connection, { clock, origin, sink, limits, linkCost, detach: () => this.#detach() });
		this.#state = state;
		this.#parts = makeParts(state);
		this.#dispatch = new StreamDispatch(state, this.#parts, (body) => this.#onSetup(body));
		this.#handshake = new Handshake(state, {
			authorise: options.authorise,
			path: options.path,
			versions: options.versions,
			onVersion: (version) => this.#onVersion(version),
			onReady: (grant) => this.#onReady(grant),
		});
		connection.accept({
			onBidi: (stream) => {
				if (!this.#handshake.takes(stream)) this.#dispatch.onBidi(stream);
			},
			onUni: (stream) => this.#dispatch.onUni(stream),
			onDatagram: (payload) => this.#parts.subscriptionRequesting.onDatagram(payload),
			onEnd: (end) => state.onEnd(end),
		});
		this.#handshake.start();
	}

	/** Name of the version in use ("moq-lite-05"); undefined until it is negotiated. */
	get version(): string | undefined {
		return this.#hasVersion ? this.#state.version.name : undefined;
	}

	/** The peer's id in hop lists, where its version has it say so; undefined otherwise and before it is known. */
	get peerOrigin(): OriginId | undefined {
		return this.#handshake.peerSetup?.origin;
	}

	/** What the peer may do now, less what it said that it will not; undefined until it is decided. */
	get grant(): Grant | undefined {
		return this.#state.ready ? this.#state.grant : undefined;
	}

	/** Totals for metrics; the same object for the whole life of the session. */
	get counters(): Readonly<SessionCounters> {
		return this.#state.counters;
	}

	/** What is held now. */
	get census(): SessionCensus {
		const parts = this.#parts;
		return {
			pendingStreams: this.#dispatch.size,
			interestsServing: parts.announceServing.size,
			interestsRequesting: parts.announceListening.size,
			announcements: this.#state.counters.announcements,
			subscriptionsServing: parts.subscriptionServing.size,
			subscriptionsRequesting: parts.subscriptionRequesting.size,
			requestsServing: parts.requestServing.size,
			requestsRequesting: this.#state.requests.size,
			probesServing: parts.probeServing.size,
			incomingGroups: this.#state.openGroups.size,
		};
	}

	/** Tell the peer to reconnect, to `uri` or (with "") to the same place; ignored where the version has no GOAWAY. */
	goaway(uri: string): void {
		if (this.#state.ready && !this.#state.over) sendGoaway(this.#state, uri);
	}

	/**
	 * Retract all that the peer was told is live here, and announce nothing more. What it is subscribed to goes on, so that
	 * whoever takes over, in another session or at another relay, finds no gap; `census.subscriptionsServing` tells when
	 * the peer has left it.
	 */
	withdraw(): void {
		this.#parts.announceServing.withdraw();
	}

	/**
	 * A refreshed or narrowed grant: what it no longer covers ends at once, with 6 Unauthorized.
	 * @throws TypeError when the root differs, or before there was a grant.
	 */
	regrant(grant: Grant): void {
		if (this.#state.over) return;
		if (!this.#state.ready) throw new TypeError("a session has no grant before it is ready");
		if (grant.root !== this.#state.grant.root) throw new TypeError("a session cannot move to another root");
		this.#allow(grant);
		this.#parts.announceListening.regrant();
		this.#parts.announceServing.regrant();
		this.#parts.subscriptionServing.regrant();
		this.#parts.requestServing.regrant();
	}

	/** End the session; `onEnd` follows with `by: "local"`. */
	close(code: number, reason: string): void {
		this.#state.fail(new SessionError(code, reason));
	}

	#onVersion(version: LiteVersion): void {
		this.#hasVersion = true;
		this.#state.version = version;
	}

	#onSetup(body: Uint8Array): void {
		this.#handshake.onSetup(body);
		if (this.#state.ready) this.#askForProbes();
	}

	#onReady(grant: Grant): void {
		this.#allow(grant);
		if (this.#state.over) return;
		this.#state.ready = true;
		this.#state.sink.onReady(this.#state.version.name);
		// The owner may have closed it there and then.
		if (this.#state.over) return;
		this.#parts.announceListening.start();
		this.#askForProbes();
		this.#dispatch.resume();
	}

	#askForProbes(): void {
		const level = this.#handshake.peerSetup?.probe ?? "none";
		if (level !== "none" && this.#state.sink.onProbe !== undefined) requestProbe(this.#state);
	}

	#allow(grant: Grant): void {
		this.#state.allow(narrow(grant, this.#handshake.peerSetup?.role));
		this.#cancelExpiry?.();
		this.#cancelExpiry = undefined;
		if (grant.expiresAtMs !== undefined) this.#awaitExpiry(grant.expiresAtMs);
	}

	#awaitExpiry(expiresAtMs: number): void {
		const leftMs = expiresAtMs - this.#state.clock.wallMs();
		if (leftMs <= 0) {
			this.close(Code.Unauthorized, "token expired");
			return;
		}
		const delayMs = Math.min(leftMs, EXPIRY_CHECK_MS);
		this.#cancelExpiry = this.#state.clock.after(delayMs, () => this.#awaitExpiry(expiresAtMs));
	}

	/** Nothing may stay attached to tracks, table or timers. */
	#detach(): void {
		this.#cancelExpiry?.();
		this.#handshake.close();
		this.#dispatch.close();
		// Announcements go first: whoever loses a subscription then already finds another route, or none.
		this.#parts.announceListening.close();
		this.#parts.subscriptionRequesting.close(Code.Dropped);
		for (const request of this.#state.requests) request.onAbort(Code.Dropped);
		this.#parts.announceServing.close();
		this.#parts.subscriptionServing.close(Code.Closed);
		this.#parts.requestServing.close();
		this.#parts.probeServing.close();
	}
}

/** What a peer says that it will not do, it may not do: a publisher is not told of every broadcast there is. */
function narrow(grant: Grant, role: Setup["role"] | undefined): Grant {
	if (role === "publisher") return { ...grant, subscribe: [] };
	return role === "subscriber" ? { ...grant, publish: [] } : grant;
}

function makeParts(context: SessionContext): SessionParts {
	const subscriptionRequesting = new SubscriptionRequesting(context);
	return {
		announceServing: new AnnounceServing(context),
		announceListening: new AnnounceListening(context, subscriptionRequesting),
		subscriptionServing: new SubscriptionServing(context),
		subscriptionRequesting,
		requestServing: new RequestServing(context),
		probeServing: new ProbeServing(context),
	};
}
