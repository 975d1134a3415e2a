/**
 * One MoQ session over one connection: both roles at once, in every moq-lite version.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Origin } from "../routing/origin.ts";
import type { Connection } from "../transport.ts";
import type { Authorise, Grant } from "./grant.ts";
import type { SessionLimits } from "./limits.ts";
import type { SessionCounters, SessionSink } from "./sink.ts";

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
	/** In-band SETUP only: versions we accept or offer, in our order; default moq-lite-02, then 01. */
	readonly versions?: readonly string[];
}

/** A running session. It takes over the connection at once (`accept`) and lives until `onEnd`. */
export class Session {
	constructor(connection: Connection, options: SessionOptions) {
		void connection;
		void options;
		throw new TypeError("not built yet");
	}

	/** Name of the version in use ("moq-lite-05"); undefined until it is negotiated. */
	get version(): string | undefined {
		return undefined;
	}

	/** What the peer may do now; undefined until it is decided. */
	get grant(): Grant | undefined {
		return undefined;
	}

	/** Totals for metrics; the same object for the whole life of the session. */
	get counters(): Readonly<SessionCounters> {
		throw new TypeError("not built yet");
	}

	/** Tell the peer to reconnect, to `uri` or (with "") to the same place; ignored where the version has no GOAWAY. */
	goaway(uri: string): void {
		void uri;
	}

	/** A refreshed or narrowed grant: what it no longer covers ends at once, with 6 Unauthorized. `root` must stay. */
	regrant(grant: Grant): void {
		void grant;
	}

	/** End the session; `onEnd` follows with `by: "local"`. */
	close(code: number, reason: string): void {
		void code;
		void reason;
	}
}
