/**
 * The token of one link: read for every dial, watched while the link stands, and warned of before it ends.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import type { Log } from "../ops/log.ts";
import { isLiteralToken, readClusterToken, tokenClaims } from "./cluster-token.ts";
import { RENEW_CHECK_MS, RENEW_PAUSE_MS, TOKEN_WARN_MS } from "./limits.ts";
import type { Peer } from "./peer.ts";

/** What a link's token needs. */
export interface LinkTokenOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly peer: Peer;
	/** `[cluster] token`: the token, or its file; not for peers whose URL has one. */
	readonly setting: string | undefined;
	/** Reads the file; for tests. */
	readonly read?: (setting: string) => Promise<string>;
}

/** A token as it was read. */
export interface ReadToken {
	readonly text: string;
	/** When it ends, in wall-clock ms, as it says itself; undefined when it says nothing. */
	readonly expiresMs: number | undefined;
}

/** Reads, watches and warns. Nothing that it logs holds the token. */
export class LinkToken implements Disposable {
	readonly #options: LinkTokenOptions;
	/** What the link that stands was opened with. */
	#used: ReadToken | undefined;
	#sinceMs = 0;
	/** The end that was warned of. */
	#warnedMs: number | undefined;
	#trouble = "";
	#cancel: () => void = () => {};
	/** Counts up with every watch, so that an answer that comes late is of no effect. */
	#watch = 0;

	constructor(options: LinkTokenOptions) {
		this.#options = options;
	}

	/** When the token in use ends, in wall-clock ms. */
	get expiresMs(): number | undefined {
		return this.#used?.expiresMs;
	}

	/** The token for a dial; undefined where there is none. @throws Error when its file cannot be read */
	async read(): Promise<ReadToken | undefined> {
		const { peer, setting, read = readClusterToken } = this.#options;
		const text = peer.url.searchParams.get("jwt") ?? (setting === undefined ? undefined : await read(setting));
		return text === undefined ? undefined : { text, expiresMs: tokenClaims(text).expiresMs };
	}

	/** A link stands by this token: watch it until it is replaced. `onOther` hears that the file holds another one. */
	use(token: ReadToken | undefined, onOther: () => void): void {
		this[Symbol.dispose]();
		this.#used = token;
		this.#sinceMs = this.#options.clock.wallMs();
		if (token !== undefined) this.#tick(token, onOther);
	}

	/** Watch no more. */
	[Symbol.dispose](): void {
		this.#watch += 1;
		this.#cancel();
	}

	get #isRead(): boolean {
		const { peer, setting } = this.#options;
		return setting !== undefined && !isLiteralToken(setting) && !peer.url.searchParams.has("jwt");
	}

	/** How long before its end it is warned of: a day, but not while it is fresh. */
	#warningMs({ text, expiresMs = 0 }: ReadToken): number {
		const issuedMs = Math.min(tokenClaims(text).issuedMs ?? this.#sinceMs, this.#sinceMs);
		return Math.min(TOKEN_WARN_MS, (expiresMs - issuedMs) / 2);
	}

	#tick(token: ReadToken, onOther: () => void): void {
		const leftMs = (token.expiresMs ?? Number.POSITIVE_INFINITY) - this.#options.clock.wallMs();
		const calmMs = token.expiresMs === undefined ? leftMs : leftMs - this.#warningMs(token);
		if (calmMs <= 0 && this.#warnedMs !== token.expiresMs) this.#warn(token, leftMs);
		const nextMs = calmMs > 0 ? calmMs : Number.POSITIVE_INFINITY;
		const lookMs = this.#isRead ? Math.max(RENEW_PAUSE_MS, Math.min(leftMs / 2, RENEW_CHECK_MS)) : DAY_MS;
		if (leftMs <= 0 && !this.#isRead) return;
		this.#cancel = this.#options.clock.after(Math.min(nextMs, lookMs), () => void this.#look(token, onOther));
	}

	async #look(token: ReadToken, onOther: () => void): Promise<void> {
		const watch = this.#watch;
		const other = this.#isRead ? await this.#readAgain() : undefined;
		if (watch !== this.#watch) return;
		const isLive = (other?.expiresMs ?? Number.POSITIVE_INFINITY) > this.#options.clock.wallMs();
		// Whoever goes over to another token uses that one from then on; if that fails, the next look tries again.
		if (other !== undefined && other.text !== token.text && isLive) onOther();
		if (watch === this.#watch) this.#tick(token, onOther);
	}

	/** A file that is away for a moment is no reason to end what stands. */
	async #readAgain(): Promise<ReadToken | undefined> {
		const { log, peer } = this.#options;
		try {
			const token = await this.read();
			this.#trouble = "";
			return token;
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			if (reason !== this.#trouble) log.warn("cluster.token", { reason, peer: peer.shown }, "the token cannot be read");
			this.#trouble = reason;
			return undefined;
		}
	}

	#warn(token: ReadToken, leftMs: number): void {
		const { log, peer } = this.#options;
		this.#warnedMs = token.expiresMs;
		const minutes = Math.round(leftMs / 60_000);
		const ends = new Date(token.expiresMs ?? 0).toISOString();
		const message = this.#isRead ? "the file of cluster.token has no newer token yet" : STATIC;
		log.warn("cluster.token", { peer: peer.shown, minutes, ends }, `the token for another relay ends soon: ${message}`);
	}
}

const STATIC = "it stands in the configuration, so nothing replaces it; name a file in cluster.token instead";
/** A timer of the system cannot wait for more than some days. */
const DAY_MS = 24 * 3600 * 1000;
