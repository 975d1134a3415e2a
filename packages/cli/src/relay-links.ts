/**
 * The command's side of its relays: one link, or one to each.
 * @module
 */
import { dial, Link, type LinkDown, type LinkUp, urlShown } from "@moq-relay/client";
import {
	CLIENT_SESSION_LIMITS,
	type Connection,
	type Grant,
	type Origin,
	type Session,
	type SessionLimits,
} from "@moq-relay/core";
import type { CommandContext } from "./command-context.ts";
import { CommandError } from "./command-error.ts";
import type { ConnectSettings } from "./connect-options.ts";
import {
	CONNECT_MS_MAX,
	DRAIN_MS_MAX,
	FAILOVER_SILENCE_MS_MAX,
	FAILOVER_SOCKET_SILENCE_MS_MAX,
	SIGNS_OF_LIFE,
	SILENCE_MS_MAX,
} from "./limits.ts";
import { urlFor } from "./relay-url.ts";

/** Which relays, and what they may do. */
export interface RelayLinksOptions {
	readonly context: CommandContext;
	readonly settings: ConnectSettings;
	readonly urls: readonly URL[];
	/** "failover": one session, with the first relay that answers; "both": a session with each. */
	readonly mode: "failover" | "both";
	/** With "failover", how long another relay is used before the first is tried again, in ms; undefined stays there. */
	readonly returnMs?: number | undefined;
	readonly origin: Origin;
	readonly grant: Grant;
}

/** Lasting sessions with one or several relays; says on the terminal what happens to them. */
export class RelayLinks {
	readonly #options: RelayLinksOptions;
	readonly #links: readonly Link[];
	readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
	readonly #failed: PromiseWithResolvers<never> = Promise.withResolvers();
	readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
	/** Links that are not over. */
	#left: number;
	readonly #seen = new Set<string>();
	#isClosing = false;

	constructor(options: RelayLinksOptions) {
		this.#options = options;
		const { urls, mode } = options;
		const parts = mode === "both" ? urls.map((url) => [url]) : [urls];
		this.#left = parts.length;
		this.#links = parts.map((part) => this.#link(part));
		// Whoever waits for them hears of it; if no one does, it must not count as unhandled.
		this.#failed.promise.catch(() => undefined);
	}

	/** Resolves when the first session is up. */
	get ready(): Promise<void> {
		return this.#ready.promise;
	}

	/** Rejects with a CommandError when no relay is left to try. */
	get failed(): Promise<never> {
		return this.#failed.promise;
	}

	/** The sessions that are up, and those on which something is under way still. */
	get sessions(): readonly Session[] {
		return this.#links.flatMap(({ sessions }) => sessions);
	}

	/** End all sessions; resolves when they have ended. */
	async close(): Promise<void> {
		this.#isClosing = true;
		for (const link of this.#links) link.close();
		if (this.#left > 0) await this.#closed.promise;
	}

	#link(urls: readonly URL[]): Link {
		const { context, settings, origin, grant, returnMs } = this.#options;
		const { token } = settings;
		const hasOthers = this.#options.urls.length > 1;
		return new Link({
			urls,
			origin,
			grant,
			clock: context.clock,
			limits: LIMITS,
			firstMs: CONNECT_MS_MAX,
			versions: settings.versions.map(({ name }) => name),
			...(token !== undefined && { token: async (url) => (url.searchParams.has("jwt") ? undefined : token()) }),
			...(returnMs !== undefined && { returnMs }),
			dial: (url, signal) => dialAs(url, settings, { signal, hasOthers }),
			sink: { onUp: (up) => this.#onUp(up), onDown: (down) => this.#onDown(down) },
		});
	}

	#onUp({ url, version, connection }: LinkUp): void {
		const again = this.#seen.has(url.href) ? " again" : "";
		this.#seen.add(url.href);
		this.#options.context.terminal.note(
			`connected${again} to ${urlShown(url)} (${version} over ${connection.info.transport})`,
		);
		this.#ready.resolve();
	}

	#onDown({ message, retryMs }: LinkDown): void {
		const { terminal } = this.#options.context;
		if (retryMs !== undefined) {
			const when = retryMs === 0 ? "now" : `in ${(retryMs / 1000).toFixed(1)} s`;
			terminal.note(`${message}; trying again ${when}`);
			return;
		}
		this.#left -= 1;
		if (this.#left === 0) {
			this.#failed.reject(new CommandError(message));
			this.#closed.resolve();
		} else if (!this.#isClosing) {
			terminal.note(`${message}; going on without it`);
		}
	}
}

interface DialHow {
	readonly signal: AbortSignal;
	/** There are other relays, to which to go soon. */
	readonly hasOthers: boolean;
}

async function dialAs(url: URL, settings: ConnectSettings, { signal, hasOthers }: DialHow): Promise<Connection> {
	const { transport, versions } = settings;
	const idleTimeoutMs = hasOthers ? FAILOVER_SILENCE_MS_MAX : SILENCE_MS_MAX;
	let { tls } = settings;
	if (transport === "quic" && url.protocol === "http:")
		tls = { ...tls, fingerprints: [await fingerprintOf(url, signal)] };
	return dial(urlFor(url, transport), {
		tls,
		versions,
		signal,
		timeoutMs: CONNECT_MS_MAX,
		transport: { idleTimeoutMs, keepAliveMs: idleTimeoutMs / SIGNS_OF_LIFE },
		webSocket: {
			enabled: transport !== "webtransport",
			...(hasOthers && { idleMs: FAILOVER_SOCKET_SILENCE_MS_MAX }),
		},
	});
}

/** As `dial` does it by itself for WebTransport: a development relay tells its certificate in clear. */
async function fingerprintOf(url: URL, signal: AbortSignal): Promise<string> {
	const response = await fetch(new URL("/certificate.sha256", url), { signal });
	return (await response.text()).trim();
}

const LIMITS: SessionLimits = { ...CLIENT_SESSION_LIMITS, drainMs: DRAIN_MS_MAX };
