/**
 * How a link is held, and what it tells.
 * @module
 */
import type { Clock, Connection, Grant, Origin, Session, SessionLimits } from "@moq-relay/core";

/** A session that is up. */
export interface LinkUp {
	readonly url: URL;
	/** Name of the version in use, such as "moq-lite-05". */
	readonly version: string;
	readonly connection: Connection;
	readonly session: Session;
}

/** A session that ended, or that could not be had. */
export interface LinkDown {
	readonly url: URL;
	/** Why: one sentence, without secrets. */
	readonly message: string;
	/** When the next dial begins, in ms; undefined when the link is over. */
	readonly retryMs: number | undefined;
}

/** What happens on a link, for whoever shows or logs it. */
export interface LinkSink {
	/** Also when a session takes over from another, of which no `onDown` tells then. */
	onUp(up: LinkUp): void;
	/** With `retryMs` undefined this is the last event. */
	onDown(down: LinkDown): void;
}

/** How to hold a link. */
export interface LinkOptions {
	/** Tried in order, the first again after the last; a token may be in the `jwt` query. At least one. */
	readonly urls: readonly URL[];
	/** What is announced here is offered to the relay, and what the relay announces arrives here. */
	readonly origin: Origin;
	/** What the relay may do: `subscribe` lets it take what we publish, `publish` lets it announce to us. */
	readonly grant: Grant;
	/** Makes one connection, and gives up when the signal says so. Rejects as `dial` does. */
	readonly dial: (url: URL, signal: AbortSignal) => Promise<Connection>;
	readonly sink: LinkSink;
	/**
	 * The token for a URL, asked for before each dial, and again before the one in use ends: the link then goes over to a
	 * session with the new one while the old one stands. Undefined: the URL is dialled as it is.
	 */
	readonly token?: (url: URL) => Promise<string | undefined>;
	/**
	 * While another URL is in use, the first is tried again this often, in ms; when it has a session, the link goes over to
	 * it without a gap. Default: a link stays where it is.
	 */
	readonly returnMs?: number;
	/** The link is over when no session was up within so many ms and every URL has been tried; default: it tries for ever. */
	readonly firstMs?: number;
	/** Names of the versions that an in-band SETUP may choose; default all that have one. */
	readonly versions?: readonly string[];
	/** Default `CLIENT_SESSION_LIMITS`. */
	readonly limits?: SessionLimits;
	/** Default the real one. */
	readonly clock?: Clock;
}
