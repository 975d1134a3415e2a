/**
 * One lasting session with a relay that may be reached at several URLs: dial, serve, dial again.
 * @module
 */
import type { Clock, Session } from "@moq-relay/core";
import { Backoff } from "./backoff.ts";
import { BACKOFF_FIRST_MS, DIAL_MS_MAX, STEADY_MS, TOKEN_CHECK_MS_MIN } from "./limits.ts";
import { type AttemptEnd, LinkAttempt } from "./link-attempt.ts";
import type { LinkOptions, LinkUp } from "./link-options.ts";
import { urlShown } from "./session-end.ts";
import { systemClock } from "./system-clock.ts";
import { tokenExpiryMs } from "./token-expiry.ts";

/** An attempt, and how it ended. */
interface Ended extends AttemptEnd {
	readonly attempt: LinkAttempt;
}

/** A lasting session. `close` ends it; it also ends by itself when every URL refused us. */
export class Link {
	readonly #options: LinkOptions;
	readonly #clock: Clock;
	readonly #abort: AbortController = new AbortController();
	readonly #backoff: Backoff;
	/** Those that have not refused us. */
	#urls: readonly URL[];
	/** Of the URL to try, or in use. */
	#at = 0;
	/** The attempt that the link lives from. */
	#main: LinkAttempt | undefined;
	/** One that is to take over from it. */
	#spare: LinkAttempt | undefined;
	/** Others whose place was taken, until they have ended. */
	readonly #retired: Set<LinkAttempt> = new Set();
	#onOver: (ended: Ended) => void = () => {};
	#cancelTimers: () => void = () => {};
	#session: Session | undefined;
	#isLeaving = false;
	#hasBeenUp = false;
	/** The attempt that had a session last. */
	#lastUp: LinkAttempt | undefined;
	/** Attempts since the last session that lived a while. */
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

	/** It, and those that it took over from as long as something is under way on them. */
	get sessions(): readonly Session[] {
		const retired = [...this.#retired].map(({ session }) => session);
		return [this.#session, ...retired].filter((session) => session !== undefined);
	}

	/** True when no further dial will be made. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** End the session and dial no more; `onDown` follows. */
	close(): void {
		this.#cancelTimers();
		this.#abort.abort();
	}

	async #run(): Promise<void> {
		const begunMs = this.#clock.nowMs();
		// In a turn of its own: the owner does not have its link yet.
		await this.#pause(0);
		while (!this.#isOver) {
			const { attempt, message, isFinal } = await this.#hold();
			const nowMs = this.#clock.nowMs();
			this.#forgive(attempt, nowMs - attempt.begunMs);
			this.#moveOn(attempt.url, isFinal);
			const leftMs = this.#leftMs(nowMs - begunMs);
			this.#isOver = this.#abort.signal.aborted || this.#urls.length === 0 || leftMs <= 0;
			const retryMs = this.#isOver ? undefined : Math.min(leftMs, this.#nextPause());
			this.#options.sink.onDown({ url: attempt.url, message, retryMs });
			if (retryMs === undefined) return;
			await this.#pause(retryMs);
			if (!this.#abort.signal.aborted) continue;
			this.#isOver = true;
			this.#options.sink.onDown({ url: attempt.url, message: `${urlShown(attempt.url)}: closed`, retryMs: undefined });
		}
	}

	/** One attempt, or the one that is under way already, and whatever takes over from it, to the end. */
	#hold(): Promise<Ended> {
		return new Promise((resolve) => {
			this.#onOver = resolve;
			this.#attempts += 1;
			this.#main = this.#spare ?? this.#start(this.#urls[this.#at % this.#urls.length] as URL);
			this.#spare = undefined;
		});
	}

	#start(url: URL, token: Promise<string | undefined> | undefined = this.#options.token?.(url)): LinkAttempt {
		const attempt: LinkAttempt = new LinkAttempt({
			url,
			token: token ?? Promise.resolve(undefined),
			dialMs: this.#dialMs(),
			hasBeenUp: this.#hasBeenUp,
			link: this.#options,
			clock: this.#clock,
			signal: this.#abort.signal,
			sink: {
				onUp: (up) => this.#onUp(attempt, up),
				onGoaway: () => this.#onGoaway(attempt),
				onDown: (end) => this.#onDown(attempt, end),
			},
		});
		return attempt;
	}

	#onUp(attempt: LinkAttempt, up: LinkUp): void {
		this.#hasBeenUp = true;
		this.#lastUp = attempt;
		if (attempt === this.#spare) {
			this.#spare = undefined;
			if (this.#main !== undefined) this.#retired.add(this.#main);
			this.#main?.retire();
			this.#main = attempt;
		}
		this.#isLeaving = false;
		this.#session = up.session;
		this.#at = Math.max(0, this.#urls.indexOf(attempt.url));
		this.#options.sink.onUp(up);
		this.#setTimers();
	}

	#onDown(attempt: LinkAttempt, end: AttemptEnd): void {
		this.#retired.delete(attempt);
		if (attempt === this.#main) {
			this.#main = undefined;
			this.#session = undefined;
			this.#cancelTimers();
			this.#onOver({ attempt, ...end });
		} else if (attempt === this.#spare) {
			this.#spare = undefined;
			if (this.#isLeaving) this.#main?.session?.close(0, "");
			else this.#setTimers();
		}
	}

	/** The relay is going away: another takes over while it still serves, and where there is none, this session ends. */
	#onGoaway(attempt: LinkAttempt): void {
		if (attempt !== this.#main) return;
		this.#isLeaving = true;
		if (this.#spare !== undefined) return;
		const next = this.#urls[(this.#at + 1) % this.#urls.length] as URL;
		if (next === attempt.url) attempt.session?.close(0, "");
		else this.#takeOver(next);
	}

	#setTimers(): void {
		this.#cancelTimers();
		const cancels = [this.#returnLater(), this.#renewLater()];
		this.#cancelTimers = () => {
			for (const cancel of cancels) cancel?.();
		};
	}

	/** Away from the first URL: look whether it is back. */
	#returnLater(): (() => void) | undefined {
		const [first] = this.#urls;
		const { returnMs } = this.#options;
		if (returnMs === undefined || first === undefined || this.#main?.url === first) return undefined;
		return this.#clock.after(returnMs, () => this.#takeOver(first));
	}

	/** Long before the token ends, and again as long as there is no newer one. */
	#renewLater(): (() => void) | undefined {
		const { token } = this.#main ?? {};
		const expiryMs = token === undefined ? undefined : tokenExpiryMs(token);
		if (expiryMs === undefined) return undefined;
		const leftMs = expiryMs - this.#clock.wallMs();
		if (leftMs <= 0) return undefined;
		return this.#clock.after(Math.max(TOKEN_CHECK_MS_MIN, leftMs / 2), () => void this.#renew());
	}

	async #renew(): Promise<void> {
		const main = this.#main;
		if (main === undefined) return;
		// A source that fails now is asked again in time.
		const token = await this.#options.token?.(main.url).catch(() => undefined);
		if (this.#main !== main || this.#abort.signal.aborted) return;
		if (token === undefined || token === main.token) this.#setTimers();
		else this.#takeOver(main.url, Promise.resolve(token));
	}

	#takeOver(url: URL, token?: Promise<string | undefined>): void {
		if (this.#spare !== undefined || this.#main === undefined || this.#abort.signal.aborted) return;
		this.#spare = this.#start(url, token);
	}

	/** Choose the URL to try after this one. */
	#moveOn(url: URL, isFinal: boolean): void {
		const at = this.#urls.indexOf(url);
		if (at < 0) return;
		if (isFinal) this.#urls = this.#urls.filter((other) => other !== url);
		this.#at = isFinal ? at : at + 1;
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

	/** Another URL, or an attempt under way, is next at once; the pause comes when all of them have failed. */
	#nextPause(): number {
		if (this.#spare !== undefined) return 0;
		return this.#attempts % this.#urls.length === 0 ? this.#backoff.next() : 0;
	}

	/**
	 * A session that lived a while makes the other URLs worth an attempt at once, whatever came before it; one that was steady
	 * makes the pauses short again.
	 */
	#forgive(attempt: LinkAttempt, livedMs: number): void {
		if (attempt === this.#lastUp && livedMs >= BACKOFF_FIRST_MS) this.#attempts = 1;
		if (!this.#hasBeenUp || livedMs < STEADY_MS) return;
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
