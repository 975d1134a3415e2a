/**
 * One lasting session with a relay that may be reached at several URLs: dial, serve, dial again.
 * @module
 */
import {
	CLIENT_SESSION_LIMITS,
	type Clock,
	type Connection,
	type Grant,
	type Origin,
	Session,
	type SessionEnd,
	type SessionLimits,
} from "@moq-relay/core";
import { Backoff } from "./backoff.ts";
import { DialError } from "./dial-error.ts";
import { DIAL_MS_MAX, STEADY_MS } from "./limits.ts";
import { describeEnd, isRefusal, urlShown } from "./session-end.ts";
import { systemClock } from "./system-clock.ts";

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
	onUp(up: LinkUp): void;
	/** With `retryMs` undefined this is the last event. */
	onDown(down: LinkDown): void;
}

/** How to hold a link. */
export interface LinkOptions {
	/** Tried in order, the first again after the last; tokens are in their `jwt` query. At least one. */
	readonly urls: readonly URL[];
	/** What is announced here is offered to the relay, and what the relay announces arrives here. */
	readonly origin: Origin;
	/** What the relay may do: `subscribe` lets it take what we publish, `publish` lets it announce to us. */
	readonly grant: Grant;
	/** Makes one connection, and gives up when the signal says so. Rejects as `dial` does. */
	readonly dial: (url: URL, signal: AbortSignal) => Promise<Connection>;
	readonly sink: LinkSink;
	/** The link is over when no session was up within so many ms and every URL has been tried; default: it tries for ever. */
	readonly firstMs?: number;
	/** Names of the versions that an in-band SETUP may choose; default all that have one. */
	readonly versions?: readonly string[];
	/** Default `CLIENT_SESSION_LIMITS`. */
	readonly limits?: SessionLimits;
	/** Default the real one. */
	readonly clock?: Clock;
}

/** How one attempt went. */
interface Outcome {
	readonly message: string;
	readonly isFinal: boolean;
}

/** A lasting session. `close` ends it; it also ends by itself when every URL refused us. */
export class Link {
	readonly #options: LinkOptions;
	readonly #clock: Clock;
	readonly #abort: AbortController = new AbortController();
	readonly #backoff: Backoff;
	/** Those that have not refused us. */
	#urls: readonly URL[];
	#session: Session | undefined;
	#hasBeenUp = false;
	/** Attempts since the last steady session. */
	#attempts = 0;
	#isOver = false;

	/** Begins at once; no event comes before this returns. @throws TypeError without a URL. */
	constructor(options: LinkOptions) {
		if (options.urls.length === 0) throw new TypeError("a link needs a URL");
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
		this.#backoff = new Backoff(this.#clock);
		this.#urls = options.urls;
		void this.#run();
	}

	/** The session that is up; undefined between two of them. */
	get session(): Session | undefined {
		return this.#session;
	}

	/** True when no further dial will be made. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** End the session and dial no more; `onDown` follows. */
	close(): void {
		this.#abort.abort();
	}

	async #run(): Promise<void> {
		const begunMs = this.#clock.nowMs();
		// In a turn of its own: the owner does not have its link yet.
		await this.#pause(0);
		for (let at = 0; !this.#isOver; ) {
			const url = this.#urls[at % this.#urls.length] as URL;
			const attemptMs = this.#clock.nowMs();
			this.#attempts += 1;
			const { message, isFinal } = await this.#serve(url);
			const nowMs = this.#clock.nowMs();
			if (this.#hasBeenUp && nowMs - attemptMs >= STEADY_MS) this.#forgive();
			if (isFinal) this.#urls = this.#urls.filter((other) => other !== url);
			else at += 1;
			const leftMs = this.#leftMs(nowMs - begunMs);
			this.#isOver = this.#abort.signal.aborted || this.#urls.length === 0 || leftMs <= 0;
			const retryMs = this.#isOver ? undefined : Math.min(leftMs, this.#nextPause());
			this.#options.sink.onDown({ url, message, retryMs });
			if (retryMs !== undefined) await this.#pause(retryMs);
			this.#isOver ||= this.#abort.signal.aborted;
		}
	}

	/** Dial and hold one session until it ends. */
	async #serve(url: URL): Promise<Outcome> {
		const patience = new AbortController();
		const dialMs = this.#dialMs();
		const cancel = this.#clock.after(dialMs, () => patience.abort());
		let connection: Connection;
		try {
			connection = await this.#options.dial(url, AbortSignal.any([this.#abort.signal, patience.signal]));
		} catch (error) {
			if (this.#abort.signal.aborted) return { message: `${urlShown(url)}: closed`, isFinal: false };
			if (patience.signal.aborted) {
				return { message: `${urlShown(url)} does not answer within ${dialMs / 1000} s`, isFinal: false };
			}
			const message = error instanceof Error ? error.message : String(error);
			return { message, isFinal: this.#isFinal(error) };
		} finally {
			cancel();
		}
		const end = await this.#hold(url, connection);
		return { message: describeEnd(url, end), isFinal: isRefusal(end) };
	}

	/** Whether the same attempt can do no better later. A relay that was good once may be in the middle of a change. */
	#isFinal(thrown: unknown): boolean {
		if (!(thrown instanceof DialError)) return false;
		const { kind, status } = thrown;
		if (kind === "url" || status === 401 || status === 403) return true;
		return !this.#hasBeenUp && (kind === "certificate" || kind === "protocol" || status === 400 || status === 426);
	}

	#hold(url: URL, connection: Connection): Promise<SessionEnd> {
		const { origin, grant, sink, versions, limits = CLIENT_SESSION_LIMITS } = this.#options;
		const { signal } = this.#abort;
		return new Promise((resolve) => {
			const session = new Session(connection, {
				clock: this.#clock,
				origin,
				authorise: (_path, decide) => decide(grant),
				limits,
				path: url.pathname + url.search,
				...(versions !== undefined && { versions }),
				sink: {
					onReady: (version) => {
						this.#hasBeenUp = true;
						this.#session = session;
						sink.onUp({ url, version, connection, session });
					},
					// The relay is going away: whoever takes over is asked at once, and this session ends.
					onGoaway: () => session.close(0, ""),
					onEnd: (end) => {
						this.#session = undefined;
						signal.removeEventListener("abort", close);
						resolve(end);
					},
				},
			});
			const close = (): void => session.close(0, "");
			if (signal.aborted) close();
			else signal.addEventListener("abort", close);
		});
	}

	/** Until the first session is up every URL gets its share of the time that there is. */
	#dialMs(): number {
		const { firstMs } = this.#options;
		if (this.#hasBeenUp || firstMs === undefined) return DIAL_MS_MAX;
		return Math.min(DIAL_MS_MAX, firstMs / this.#urls.length);
	}

	/** How long the first session may still take; 0 when the link is hopeless. */
	#leftMs(waitedMs: number): number {
		const { firstMs } = this.#options;
		if (this.#hasBeenUp || firstMs === undefined || this.#attempts < this.#urls.length) return Number.POSITIVE_INFINITY;
		return Math.max(0, firstMs - waitedMs);
	}

	/** Another URL is tried at once; the pause comes when all of them have failed. */
	#nextPause(): number {
		return this.#attempts % this.#urls.length === 0 ? this.#backoff.next() : 0;
	}

	#forgive(): void {
		this.#attempts = 1;
		this.#backoff.reset();
	}

	#pause(ms: number): Promise<void> {
		const { signal } = this.#abort;
		return new Promise((resolve) => {
			const done = (): void => {
				cancel();
				signal.removeEventListener("abort", done);
				resolve();
			};
			const cancel = this.#clock.after(ms, done);
			signal.addEventListener("abort", done);
		});
	}
}
