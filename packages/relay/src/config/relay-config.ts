/**
 * The relay's whole configuration, as every part of it reads it.
 * @module
 */
import type { LimitsConfig } from "../limits.ts";
import type { AuthConfig } from "./auth.ts";
import type { ClientConfig } from "./client.ts";
import type { ClusterConfig } from "./cluster.ts";
import type { LogConfig } from "./log.ts";
import type { CacheConfig, IrohConfig, StatsConfig } from "./others.ts";
import type { ServerConfig } from "./server.ts";
import type { InternalConfig, WebConfig } from "./web.ts";

/** Flags over environment over file over defaults, validated; durations in ms, sizes in bytes. */
export interface RelayConfig {
	readonly log: LogConfig;
	readonly server: ServerConfig;
	readonly client: ClientConfig;
	readonly web: WebConfig;
	readonly internal: InternalConfig;
	readonly auth: AuthConfig;
	readonly cluster: ClusterConfig;
	readonly stats: StatsConfig;
	readonly cache: CacheConfig;
	readonly iroh: IrohConfig;
	readonly limits: LimitsConfig;
}

/** A setting that was given but does nothing yet; the relay warns once for each at start. */
export interface Unsupported {
	/** As in the file: `server.quic.qlog`. */
	readonly key: string;
	/** One sentence: what does not happen, and what to do instead. */
	readonly message: string;
}

/** A configuration, and what must be said about it. */
export interface LoadedConfig {
	readonly config: RelayConfig;
	readonly unsupported: readonly Unsupported[];
	/** Valid but risky or obsolete settings, a sentence each; no secrets. */
	readonly warnings: readonly string[];
	/** The file it was read from; undefined without one. */
	readonly file: string | undefined;
}
