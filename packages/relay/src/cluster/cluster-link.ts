/**
 * A lasting link to one other relay: dial, serve, dial again.
 * @module
 */
import { Backoff, type DialOptions, describeEnd, dial } from "@moq-relay/client";
import { type Clock, GRANT_ALL, type SessionEnd } from "@moq-relay/core";
import type { Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { readClusterToken } from "./cluster-token.ts";
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

/** One link. It begins with its construction and tries for ever. */
export class ClusterLink implements Disposable {
	readonly peer: Peer;
	readonly #options: ClusterLinkOptions;
	readonly #backoff: Backoff;
	readonly #abort = new AbortController();
	#cancelPause: () => void = () => {};
	#isUp = false;

	constructor(peer: Peer, options: ClusterLinkOptions) {
		this.peer = peer;
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
		void this.#run();
	}

	/** Whether a session stands. */
	get isUp(): boolean {
		return this.#isUp;
	}

	/** Dial no more. A session that stands is left to whoever ends all sessions. */
	[Symbol.dispose](): void {
		this.#abort.abort();
		this.#cancelPause();
	}

	async #run(): Promise<void> {
		const { clock, log, steadyMs } = this.#options;
		while (!this.#abort.signal.aborted) {
			const begunMs = clock.nowMs();
			const reason = await this.#hold();
			if (this.#abort.signal.aborted) return;
			if (clock.nowMs() - begunMs >= steadyMs) this.#backoff.reset();
			const retryMs = Math.round(this.#backoff.next());
			log.warn("cluster.down", { reason, peer: this.peer.shown, retryMs });
			await new Promise<void>((resolve) => {
				this.#cancelPause = clock.after(retryMs, resolve);
			});
		}
	}

	/** One attempt and, if it succeeds, one session. Resolves with why it is over; never rejects. */
	async #hold(): Promise<string> {
		const { metrics, sessions, dialOptions } = this.#options;
		try {
			const url = await this.#url();
			const connection = await dial(url, { ...dialOptions, signal: this.#abort.signal });
			metrics.count("moq_cluster_dials_total", { result: "ok" });
			const end = await new Promise<SessionEnd>((resolve) => {
				const live = sessions.serve(connection, {
					direction: "out",
					granted: { grant: GRANT_ALL, request: undefined },
					peer: this.peer.shown,
					linkCost: this.peer.cost,
					path: `${url.pathname}${url.search}`,
					onReady: () => this.#up(live.session.version ?? "", connection.info.transport),
					onEnd: resolve,
				});
			});
			return describeEnd(this.peer.url, end);
		} catch (error) {
			metrics.count("moq_cluster_dials_total", { result: "failed" });
			return error instanceof Error ? error.message : String(error);
		} finally {
			this.#isUp = false;
		}
	}

	#up(version: string, transport: string): void {
		this.#isUp = true;
		this.#options.log.info("cluster.up", { peer: this.peer.shown, version, transport });
	}

	/** The peer's URL with a token. */
	async #url(): Promise<URL> {
		const { token } = this.#options;
		if (token === undefined || this.peer.url.searchParams.has("jwt")) return this.peer.url;
		const url = new URL(this.peer.url);
		url.searchParams.set("jwt", await readClusterToken(token));
		return url;
	}
}
