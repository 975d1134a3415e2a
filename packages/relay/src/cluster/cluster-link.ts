/**
 * A lasting link to one other relay: dial, serve, dial again.
 * @module
 */
import { Backoff, type DialOptions, describeEnd, dial } from "@moq-relay/client";
import { type Clock, type Connection, GRANT_ALL, type Grant } from "@moq-relay/core";
import type { Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import type { LiveSession, Sessions } from "../sessions/sessions.ts";
import { isLiteralToken, readClusterToken, tokenExpiry } from "./cluster-token.ts";
import { HANDOVER_MS, RENEW_CHECK_MS, TOKEN_WARN_MS } from "./limits.ts";
import type { Peer } from "./peer.ts";

/** What links share. */
export interface ClusterLinkOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly sessions: Sessions;
	readonly dialOptions: DialOptions;
	/** `[cluster] token`, for URLs without one. */
	readonly token: string | undefined;
	/** A session that lived this long resets the pauses, in ms. */
	readonly steadyMs: number;
}

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
	#endPause: () => void = () => {};
	#cancelRenewal: () => void = () => {};
	#live: LiveSession | undefined;
	#dialMs = 0;
	#expiresMs: number | undefined;

	constructor(plan: LinkPlan, options: ClusterLinkOptions) {
		this.plan = plan;
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
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

	/** When the token of the last dial ends, in wall-clock ms. */
	get tokenExpiresMs(): number | undefined {
		return this.#expiresMs;
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
		this.#cancelRenewal();
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
			this.plan.onDown?.();
			await this.#pause(retryMs);
		}
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
		const { sessions, clock, dialOptions } = this.#options;
		const url = await this.#url();
		const begunMs = clock.nowMs();
		const connection = await this.#dial(url);
		this.#dialMs = clock.nowMs() - begunMs;
		const { peer, grant = GRANT_ALL } = this.plan;
		const live: LiveSession = sessions.serve(connection, {
			direction: "out",
			granted: { grant, request: undefined },
			peer: peer.shown,
			linkCost: peer.cost,
			path: `${url.pathname}${url.search}`,
			...(dialOptions.versions !== undefined && { versions: dialOptions.versions.map(({ name }) => name) }),
			onReady: () => this.#up(live, onOver),
			onEnd: (end) => {
				// One that has been replaced, or never came to replace another, is not missed.
				if (this.#live !== live && this.#live !== undefined) return;
				this.#live = undefined;
				this.#cancelRenewal();
				onOver(describeEnd(peer.url, end));
			},
		});
	}

	async #dial(url: URL): Promise<Connection> {
		const { metrics, dialOptions } = this.#options;
		try {
			const connection = await dial(url, { ...dialOptions, signal: this.#abort.signal });
			metrics.count("moq_cluster_dials_total", { result: "ok" });
			return connection;
		} catch (error) {
			metrics.count("moq_cluster_dials_total", { result: "failed" });
			throw error;
		}
	}

	#up(live: LiveSession, onOver: (reason: string) => void): void {
		const { clock, log } = this.#options;
		if (this.#abort.signal.aborted) {
			live.session.close(0, "");
			return;
		}
		const old = this.#live;
		this.#live = live;
		this.#scheduleRenewal(onOver);
		if (old !== undefined) {
			clock.after(HANDOVER_MS, () => old.session.close(0, ""));
			return;
		}
		const version = live.session.version ?? "";
		const { transport } = live.connection.info;
		log.info("cluster.up", { peer: this.peer.shown, link: this.plan.kind, version, transport });
		this.plan.onUp?.();
	}

	/** Before the token ends, see whether there is a newer one, and go over to it. */
	#scheduleRenewal(onOver: (reason: string) => void): void {
		this.#cancelRenewal();
		const { clock, log } = this.#options;
		if (this.#expiresMs === undefined) return;
		const leftMs = this.#expiresMs - clock.wallMs();
		if (leftMs < TOKEN_WARN_MS) {
			const minutes = Math.round(leftMs / 60_000);
			log.warn("cluster.token", { peer: this.peer.shown, minutes }, "the token for another relay ends soon");
		}
		if (!this.#hasTokenFile) return;
		this.#cancelRenewal = clock.after(Math.max(0, Math.min(leftMs / 2, RENEW_CHECK_MS)), () => {
			void this.#renew(onOver).catch((error: unknown) => {
				const reason = error instanceof Error ? error.message : String(error);
				log.warn("cluster.token", { reason, peer: this.peer.shown }, "no link with a newer token");
			});
		});
	}

	async #renew(onOver: (reason: string) => void): Promise<void> {
		const before = this.#expiresMs;
		const { token } = this.#options;
		const expiresMs = token === undefined ? undefined : tokenExpiry(await readClusterToken(token));
		if (this.#abort.signal.aborted || this.#live === undefined) return;
		if (expiresMs !== undefined && before !== undefined && expiresMs <= before) {
			const leftMs = before - this.#options.clock.wallMs();
			// Nothing newer: look again, but do not rush when it is over.
			if (leftMs > 0) {
				const delayMs = Math.max(RENEW_PAUSE_MS, Math.min(leftMs / 2, RENEW_CHECK_MS));
				this.#cancelRenewal = this.#options.clock.after(
					delayMs,
					() =>
						void this.#renew(onOver).catch(() => {
							// The file is away for a moment; the session ends with its token, and the next dial says why.
						}),
				);
			}
			return;
		}
		await this.#open(onOver);
	}

	get #hasTokenFile(): boolean {
		const { token } = this.#options;
		return token !== undefined && !isLiteralToken(token) && !this.peer.url.searchParams.has("jwt");
	}

	/** The peer's URL with a token and our name. */
	async #url(): Promise<URL> {
		const { token } = this.#options;
		const url = new URL(this.peer.url);
		if (token !== undefined && !url.searchParams.has("jwt")) {
			url.searchParams.set("jwt", await readClusterToken(token));
		}
		this.#expiresMs = tokenExpiry(url.searchParams.get("jwt") ?? "");
		if (this.plan.register !== undefined) url.searchParams.set("register", this.plan.register);
		return url;
	}
}

/** The round trip as the transport measured it, or as a dial that took so long suggests it: there and back three times. */
export function rttOf(connection: Connection, dialMs: number): number {
	const { rttMs } = connection.stats();
	return rttMs > 0 ? rttMs : dialMs / 3;
}

/** Least time between two looks at a token file that has nothing newer, in ms. */
const RENEW_PAUSE_MS = 1000;
