/**
 * The identities of the relay: those of `server.tls`, of `web.https`, and of `cluster.tls`.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import type { RelayConfig } from "../config/relay-config.ts";
import type { Identity } from "./identity.ts";
import { IdentityWatch } from "./identity-watch.ts";

/** Which setting identities come from. */
export type IdentitySet = "server" | "https" | "cluster";

/** What becomes of changed files. */
export interface IdentitiesSink {
	onChange(set: IdentitySet, identities: readonly Identity[]): void;
	onFailure(set: IdentitySet, message: string): void;
}

/** All sets, each kept current. */
export class Identities implements Disposable {
	readonly #watches: ReadonlyMap<IdentitySet, IdentityWatch>;

	private constructor(watches: ReadonlyMap<IdentitySet, IdentityWatch>) {
		this.#watches = watches;
	}

	/** Read or make what the configuration asks for. @throws ConfigError */
	static async open({ server, web, cluster }: RelayConfig, clock: Clock): Promise<Identities> {
		const watches = new Map<IdentitySet, IdentityWatch>();
		const { cert, key, generate } = server.tls;
		if (server.bind !== undefined || cert.length > 0 || generate.length > 0) {
			watches.set("server", await IdentityWatch.open({ cert, key, generate, setting: "server.tls" }, clock));
		}
		if (web.https.listen !== undefined) {
			const files = { cert: web.https.cert, key: web.https.key };
			watches.set("https", await IdentityWatch.open({ ...files, generate: [], setting: "web.https" }, clock));
		}
		if (cluster.listen !== undefined && cluster.tls.cert.length > 0) {
			const setting = { ...cluster.tls, generate: [], setting: "cluster.tls" };
			watches.set("cluster", await IdentityWatch.open(setting, clock));
		}
		return new Identities(watches);
	}

	/** Those in force now; empty for a set that is not configured. */
	of(set: IdentitySet): readonly Identity[] {
		return this.#watches.get(set)?.identities ?? [];
	}

	/** All that are in force, with the set they belong to. */
	*all(): Iterable<readonly [IdentitySet, Identity]> {
		for (const [set, watch] of this.#watches) for (const identity of watch.identities) yield [set, identity];
	}

	/** SHA-256 of the first certificate, lower-case hex; undefined when there is none. */
	get fingerprint(): string | undefined {
		return (this.of("server")[0] ?? this.of("https")[0])?.fingerprint;
	}

	/** Begin to look for changes. */
	watch(sink: IdentitiesSink): void {
		for (const [set, watch] of this.#watches) {
			watch.watch({
				onChange: (identities) => sink.onChange(set, identities),
				onFailure: (message) => sink.onFailure(set, message),
			});
		}
	}

	[Symbol.dispose](): void {
		for (const watch of this.#watches.values()) watch[Symbol.dispose]();
	}
}
