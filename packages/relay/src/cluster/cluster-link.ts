/**
 * A lasting link to one other relay: dial, serve, dial again.
 * @module
 */
import { Backoff, type DialOptions, type DialTls, describeEnd, dial } from "@moq-relay/client";
import { type Clock, type Connection, GRANT_ALL, type Grant } from "@moq-relay/core";
import type { Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import type { LiveSession, Sessions } from "../sessions/sessions.ts";
import { FLAP_LOSSES, FLAP_MS, HANDOVER_MS } from "./limits.ts";
import { LinkToken, type ReadToken } from "./link-token.ts";
import type { Peer } from "./peer.ts";

/** What links share. */
export interface ClusterLinkOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly sessions: Sessions;
	readonly dialOptions: DialOptions;
	/** What to show and whom to believe, read for every dial; default that of `dialOptions`. */
	readonly readTls?: () => Promise<DialTls>;
	/** What of a grant a peer with these names is left; default all of it. */
	readonly restrict?: (grant: Grant, names: readonly string[]) => Grant;
	/** `[cluster] token`, for URLs without one. */
	readonly token: string | undefined;
	/** Statistics label of sessions; default none. */
	readonly tier?: string | undefined;
	/** A session that lived this long resets the pauses, in ms. */
	readonly steadyMs: number;
	/** Makes one connection; default `dial`. */
	readonly dial?: Dial;
}

/** How a connection to another relay is made; rejects as `dial` does. */
export type Dial = (url: URL, options: DialOptions) => Promise<Connection>;

/** What one link is for. */
export interface LinkPlan {
	readonly peer: Peer;
	/** For the log: the root, the parent in a tree, or any other relay. */
	readonly kind: "root" | "parent" | "peer";
	/** What crosses it; default everything. */
	readonly grant?: Grant;
	/** The name to join under, in the older form. */
	readonly register?: string;
	/** A session stands. */
	onUp?(): void;
	/** It does not any more, or could not be had. */
	onDown?(): void;
}

/** One link. It begins with its construction and tries for ever. */
export class ClusterLink implements Disposable {
	readonly plan: LinkPlan;
	readonly #options: ClusterLinkOptions;
	readonly #backoff: Backoff;
	readonly #abort = new AbortController();
	readonly #token: LinkToken;
	#endPause: () => void = () => {};
	#live: LiveSession | undefined;
	#dialMs = 0;
	/** When sessions that stood were lost, the last ones. */
	#losses: readonly number[] = [];
	#wasUp = false;

	constructor(plan: LinkPlan, options: ClusterLinkOptions) {
		this.plan = plan;
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
		const { clock, log, token: setting } = options;
		this.#token = new LinkToken({ clock, log, setting, peer: plan.peer });
		void this.#run();
	}

	get peer(): Peer {
		return this.plan.peer;
	}

	/** Whether a session stands. */
	get isUp(): boolean {
		return this.#live !== undefined;
	}

	/** The session that stands. */
	get live(): LiveSession | undefined {
		return this.#live;
	}

	/** The round trip to the peer, in ms; before it is measured, what the dial suggests. */
	get rttMs(): number | undefined {
		if (this.#live === undefined) return undefined;
		return rttOf(this.#live.connection, this.#dialMs);
	}

	/** When the token of the session that stands, or of the last one, ends, in wall-clock ms. */
	get tokenExpiresMs(): number | undefined {
		return this.#token.expiresMs;
	}

	/** Called once, when the link is over for good. */
	onClosed(listener: () => void): void {
		if (this.#abort.signal.aborted) listener();
		else this.#abort.signal.addEventListener("abort", listener);
	}

	/** Dial now if a pause is being made. */
	hurry(): void {
		this.#endPause();
	}

	/** Dial no more, and end the session that stands. */
	close(): void {
		this[Symbol.dispose]();
		this.#live?.session.close(0, "");
	}

	/** Dial no more. A session that stands is left to whoever ends all sessions. */
	[Symbol.dispose](): void {
		this.#abort.abort();
		this.#endPause();
		this.#token[Symbol.dispose]();
	}

	async #run(): Promise<void> {
		const { clock, log, steadyMs } = this.#options;
		while (!this.#abort.signal.aborted) {
			const begunMs = clock.nowMs();
			const reason = await this.#hold();
			if (this.#abort.signal.aborted) return;
			if (clock.nowMs() - begunMs >= steadyMs) this.#backoff.reset();
			const retryMs = Math.round(this.#backoff.next());
			log.warn("cluster.down", { reason, peer: this.peer.shown, link: this.plan.kind, retryMs });
			this.#countLoss();
			this.plan.onDown?.();
			await this.#pause(retryMs);
		}
	}

	/** A link that comes and goes is another fault than one that cannot be had. */
	#countLoss(): void {
		if (!this.#wasUp) return;
		this.#wasUp = false;
		const nowMs = this.#options.clock.nowMs();
		this.#losses = [...this.#losses.filter((lostMs) => nowMs - lostMs < FLAP_MS), nowMs];
		if (this.#losses.length < FLAP_LOSSES) return;
		const losses = this.#losses.length;
		this.#losses = [];
		this.#options.log.warn("cluster.flap", { peer: this.peer.shown, losses, seconds: FLAP_MS / 1000 });
	}

	#pause(ms: number): Promise<void> {
		// Whoever heard of the end may have closed the link there and then.
		if (this.#abort.signal.aborted) return Promise.resolve();
		return new Promise((resolve) => {
			const cancel = this.#options.clock.after(ms, resolve);
			this.#endPause = () => {
				cancel();
				resolve();
			};
		});
	}

	/** One attempt and, if it succeeds, one session after another. Resolves with why it is over; never rejects. */
	async #hold(): Promise<string> {
		const over = Promise.withResolvers<string>();
		try {
			await this.#open(over.resolve);
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		}
		return over.promise;
	}

	/** Dial, and let the new session take over. @throws when the peer cannot be reached */
	async #open(onOver: (reason: string) => void): Promise<void> {
		const { sessions, clock, dialOptions, tier } = this.#options;
		const token = await this.#token.read();
		const url = this.#url(token);
		const begunMs = clock.nowMs();
		const connection = await this.#dial(url);
		this.#dialMs = clock.nowMs() - begunMs;
		const { peer } = this.plan;
		const live: LiveSession = sessions.serve(connection, {
			direction: "out",
			granted: { grant: this.#grant, request: undefined },
			peer: peer.shown,
			linkCost: peer.cost,
			...(tier !== undefined && { tier }),
			path: `${url.pathname}${url.search}`,
			...(dialOptions.versions !== undefined && { versions: dialOptions.versions.map(({ name }) => name) }),
			onReady: () => this.#up(live, token, onOver),
			onEnd: (end) => {
				// One that has been replaced, or never came to replace another, is not missed.
				if (this.#live !== live && this.#live !== undefined) return;
				this.#live = undefined;
				this.#token[Symbol.dispose]();
				onOver(describeEnd(peer.url, end));
			},
		});
	}

	async #dial(url: URL): Promise<Connection> {
		const { metrics, dialOptions, readTls, dial: open = dial } = this.#options;
		try {
			const tls = readTls && { tls: await readTls() };
			const connection = await open(url, { ...dialOptions, ...tls, signal: this.#abort.signal });
			metrics.count("moq_cluster_dials_total", { result: "ok" });
			return connection;
		} catch (error) {
			metrics.count("moq_cluster_dials_total", { result: "failed" });
			throw error;
		}
	}

	#up(live: LiveSession, token: ReadToken | undefined, onOver: (reason: string) => void): void {
		const { clock, log } = this.#options;
		if (this.#abort.signal.aborted) {
			live.session.close(0, "");
			return;
		}
		const old = this.#live;
		this.#live = live;
		this.#wasUp = true;
		this.#token.use(token, () => void this.#renew(onOver));
		if (old !== undefined) {
			clock.after(HANDOVER_MS, () => old.session.close(0, ""));
			return;
		}
		const version = live.session.version ?? "";
		const { transport } = live.connection.info;
		log.info("cluster.up", { peer: this.peer.shown, link: this.plan.kind, version, transport });
		this.plan.onUp?.();
	}

	/** Go over to the token that the file has now; if that fails, what stands stays. */
	async #renew(onOver: (reason: string) => void): Promise<void> {
		try {
			await this.#open(onOver);
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			const { log } = this.#options;
			log.warn("cluster.token", { reason, peer: this.peer.shown }, "no link with a newer token");
		}
	}

	/** What crosses the link: what it is for, as far as the peer may. */
	get #grant(): Grant {
		const { grant = GRANT_ALL, peer } = this.plan;
		const { hostname, host } = peer.url;
		return this.#options.restrict?.(grant, [peer.shown, host, hostname]) ?? grant;
	}

	/** The peer's URL with a token and our name. */
	#url(token: ReadToken | undefined): URL {
		const url = new URL(this.peer.url);
		if (token !== undefined) url.searchParams.set("jwt", token.text);
		if (this.plan.register !== undefined) url.searchParams.set("register", this.plan.register);
		return url;
	}
}

/** The round trip as the transport measured it, or as a dial that took so long suggests it: there and back three times. */
export function rttOf(connection: Connection, dialMs: number): number {
	const { rttMs } = connection.stats();
	return rttMs > 0 ? rttMs : dialMs / 3;
}
