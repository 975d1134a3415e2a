/**
 * One attempt of a link: a dial and, if it succeeds, a session.
 * @module
 */
import { CLIENT_SESSION_LIMITS, type Clock, type Connection, Session, type SessionEnd } from "@moq-relay/core";
import { DialError } from "./dial-error.ts";
import { HANDOVER_MS_MAX, HANDOVER_POLL_MS, HANDOVER_SETTLE_MS } from "./limits.ts";
import type { LinkOptions, LinkUp } from "./link-options.ts";
import { describeEnd, isRefusal, urlShown } from "./session-end.ts";

/** How an attempt ended. */
export interface AttemptEnd {
	/** One sentence, without secrets. */
	readonly message: string;
	/** The same attempt can do no better later. */
	readonly isFinal: boolean;
}

/** Events of an attempt, none before the constructor returns. */
export interface AttemptSink {
	/** The session is ready. */
	onUp(up: LinkUp): void;
	/** The relay wants to be left. */
	onGoaway(): void;
	/** The last event. */
	onDown(end: AttemptEnd): void;
}

/** What to attempt. */
export interface AttemptOptions {
	readonly url: URL;
	/** Goes into the `jwt` query; undefined leaves the URL as it is. */
	readonly token: Promise<string | undefined>;
	/** How long the dial may take. */
	readonly dialMs: number;
	/** Whether the link had a session before: a relay that was good once may be in the middle of a change. */
	readonly hasBeenUp: boolean;
	readonly link: LinkOptions;
	readonly clock: Clock;
	/** Ends the attempt. */
	readonly signal: AbortSignal;
	readonly sink: AttemptSink;
}

/** A dial under way, or the session that came of it. */
export class LinkAttempt {
	readonly begunMs: number;
	readonly #options: AttemptOptions;
	#session: Session | undefined;
	#token: string | undefined;

	constructor(options: AttemptOptions) {
		this.#options = options;
		this.begunMs = options.clock.nowMs();
		void this.#run().then((end) => options.sink.onDown(end));
	}

	get url(): URL {
		return this.#options.url;
	}

	/** The session, ready or not; undefined before it and after its end. */
	get session(): Session | undefined {
		return this.#session;
	}

	/** The token that was used. */
	get token(): string | undefined {
		return this.#token;
	}

	/**
	 * Another session has taken over. When the other side of both relays has heard of that, nothing more is offered or taken
	 * here, and the session ends when what is under way has come to its end.
	 */
	retire(): void {
		const { clock, link } = this.#options;
		const endMs = clock.nowMs() + HANDOVER_MS_MAX;
		clock.after(HANDOVER_SETTLE_MS, () => {
			this.#session?.withdraw();
			this.#session?.regrant({ ...link.grant, publish: [] });
			this.#endWhenIdle(endMs);
		});
	}

	#endWhenIdle(endMs: number): void {
		const session = this.#session;
		if (session === undefined) return;
		const { clock } = this.#options;
		const { subscriptionsServing, subscriptionsRequesting } = session.census;
		if (subscriptionsServing + subscriptionsRequesting === 0 || clock.nowMs() >= endMs) session.close(0, "");
		else clock.after(HANDOVER_POLL_MS, () => this.#endWhenIdle(endMs));
	}

	/** Never rejects. */
	async #run(): Promise<AttemptEnd> {
		const { url, clock, dialMs, link, signal } = this.#options;
		const patience = new AbortController();
		const cancel = clock.after(dialMs, () => patience.abort());
		let connection: Connection;
		let dialled: URL;
		try {
			this.#token = await this.#options.token;
			dialled = withToken(url, this.#token);
			connection = await link.dial(dialled, AbortSignal.any([signal, patience.signal]));
		} catch (error) {
			if (signal.aborted) return { message: `${urlShown(url)}: closed`, isFinal: false };
			if (patience.signal.aborted) {
				return { message: `${urlShown(url)} does not answer within ${dialMs / 1000} s`, isFinal: false };
			}
			return { message: error instanceof Error ? error.message : String(error), isFinal: this.#isFinal(error) };
		} finally {
			cancel();
		}
		const end = await this.#hold(dialled, connection);
		return { message: describeEnd(url, end), isFinal: isRefusal(end) };
	}

	#isFinal(thrown: unknown): boolean {
		if (!(thrown instanceof DialError)) return false;
		const { kind, status } = thrown;
		if (kind === "url" || status === 401 || status === 403) return true;
		return (
			!this.#options.hasBeenUp && (kind === "certificate" || kind === "protocol" || status === 400 || status === 426)
		);
	}

	#hold(dialled: URL, connection: Connection): Promise<SessionEnd> {
		const { url, clock, link, sink, signal } = this.#options;
		const { origin, grant, versions, limits = CLIENT_SESSION_LIMITS } = link;
		return new Promise((resolve) => {
			const session = new Session(connection, {
				clock,
				origin,
				authorise: (_path, decide) => decide(grant),
				limits,
				path: dialled.pathname + dialled.search,
				...(versions !== undefined && { versions }),
				sink: {
					onReady: (version) => sink.onUp({ url, version, connection, session }),
					onGoaway: () => sink.onGoaway(),
					onEnd: (end) => {
						this.#session = undefined;
						signal.removeEventListener("abort", close);
						resolve(end);
					},
				},
			});
			this.#session = session;
			const close = (): void => session.close(0, "");
			if (signal.aborted) close();
			else signal.addEventListener("abort", close);
		});
	}
}

function withToken(url: URL, token: string | undefined): URL {
	if (token === undefined) return url;
	const dialled = new URL(url);
	dialled.searchParams.set("jwt", token);
	return dialled;
}
