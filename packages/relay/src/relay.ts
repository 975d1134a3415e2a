/**
 * The relay as a whole: what it is made of, and in which order it opens and closes.
 * @module
 */
import type { Clock, Origin } from "@moq-relay/core";
import { Code } from "@moq-relay/wire";
import type { DoorKind } from "./auth/authoriser.ts";
import { Closing } from "./closing.ts";
import { prepareCluster } from "./cluster/prepare.ts";
import type { ListenAddress } from "./config/listen-address.ts";
import type { RelayConfig } from "./config/relay-config.ts";
import { type Doors, openDoors } from "./doors.ts";
import { type Foundation, layFoundation, type RelayEnvironment } from "./foundation.ts";
import { CLOSE_MS } from "./lifetime-limits.ts";
import type { Door } from "./listen/doorway.ts";
import type { Sessions } from "./sessions/sessions.ts";

/** Where a relay listens, with real ports. */
export interface RelayAddresses {
	/** UDP: QUIC and WebTransport. */
	readonly quic: readonly ListenAddress[];
	/** The listener for other relays: UDP, or TCP where there is no QUIC. */
	readonly cluster: readonly ListenAddress[];
	/** TCP: HTTP, HTTPS and WebSocket. */
	readonly web: readonly (ListenAddress & { readonly plain: Door["plain"]; readonly tls: boolean })[];
	/** The operators' listener. */
	readonly internal: readonly ListenAddress[];
}

/** A relay that runs. */
export class Relay implements AsyncDisposable {
	readonly #foundation: Foundation;
	readonly #doors: Doors;

	private constructor(foundation: Foundation, doors: Doors) {
		this.#foundation = foundation;
		this.#doors = doors;
	}

	/**
	 * Open everything. Nothing is left open when it throws.
	 * @throws ConfigError for files and values that cannot be used, PortError for ports; each is one line.
	 */
	static async start(config: RelayConfig, environment: RelayEnvironment): Promise<Relay> {
		const closing = new Closing();
		try {
			// What can be wrong in the configuration comes first, then all that must be there before a peer comes.
			const foundation = await layFoundation(config, environment, closing);
			const cluster = await prepareCluster(foundation);
			const relay = new Relay(foundation, await openDoors(foundation));
			// Peers are dialled last: what they announce can be served at once.
			cluster();
			environment.log.info("relay.ready", { version: environment.version });
			return relay;
		} catch (error) {
			await closing.close();
			throw error;
		}
	}

	get addresses(): RelayAddresses {
		const { quic, web, internal } = this.#doors;
		const doors = web?.doors ?? [];
		const udp = (kind: DoorKind): readonly ListenAddress[] => {
			return quic.flatMap((door) => (door.kind === kind ? [door.endpoint.address] : []));
		};
		const tcp = doors.flatMap(({ kind, host, port }) => (kind === "cluster" ? [{ host, port }] : []));
		return {
			quic: udp("public"),
			cluster: udp("cluster").length > 0 ? udp("cluster") : tcp,
			web: doors.flatMap(({ kind, host, port, plain, identities }) => {
				return kind === "cluster" ? [] : [{ host, port, plain, tls: identities !== undefined }];
			}),
			internal: internal?.addresses ?? [],
		};
	}

	/** SHA-256 of the first certificate, lower-case hex; undefined without TLS. */
	get fingerprint(): string | undefined {
		return this.#foundation.identities.fingerprint;
	}

	/** The routing table, for publishers and viewers in this process. */
	get origin(): Origin {
		return this.#foundation.origin;
	}

	/** Sessions that have not ended. */
	get sessions(): Sessions {
		return this.#foundation.sessions;
	}

	/** Take no new session, tell all to reconnect elsewhere, and wait until they have or `deadlineMs` is over. */
	async drain(options: { readonly deadlineMs: number }): Promise<void> {
		const { state, sessions, environment } = this.#foundation;
		if (!state.draining) {
			state.draining = true;
			this.#letNobodyIn();
			environment.log.info("drain.start", { sessions: sessions.size });
			sessions.goaway("");
		}
		await within(sessions.empty(), options.deadlineMs, environment.clock);
		environment.log.info("drain.done", { sessions: sessions.size });
	}

	/** End every session and close everything. */
	async close(): Promise<void> {
		const { state, sessions, closing, environment } = this.#foundation;
		state.draining = true;
		this.#letNobodyIn();
		sessions.closeAll(Code.Cancel, "the relay is shutting down");
		await within(sessions.empty(), CLOSE_MS, environment.clock);
		await closing.close();
		environment.log.info("relay.stop");
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#letNobodyIn(): void {
		const { admission, clusterAdmission } = this.#foundation;
		for (const one of [admission, clusterAdmission]) one.drain();
	}
}

/** Wait for something, but no longer than that. */
async function within(event: Promise<void>, deadlineMs: number, clock: Clock): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const cancel = clock.after(deadlineMs, resolve);
	await Promise.race([event, promise]);
	cancel();
}
