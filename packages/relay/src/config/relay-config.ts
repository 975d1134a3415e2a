/**
 * The relay's whole configuration, as every part of it reads it.
 * @module
 */
import type { LimitsConfig } from "../limits.ts";
import { type AuthConfig, authTable } from "./auth.ts";
import { type ClientConfig, clientTable } from "./client.ts";
import { type ClusterConfig, clusterTable } from "./cluster.ts";
import { limitsTable } from "./limits.ts";
import { type LogConfig, logTable } from "./log.ts";
import { type CacheConfig, cacheTable, type IrohConfig, irohTable, type StatsConfig, statsTable } from "./others.ts";
import { type ServerConfig, serverTable } from "./server.ts";
import { type Table, table } from "./setting.ts";
import { type InternalConfig, internalTable, type WebConfig, webTable } from "./web.ts";

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

/** Every setting there is. */
export const relayTable: Table<RelayConfig> = table(
	{ doc: "" },
	{
		log: logTable,
		server: serverTable,
		web: webTable,
		internal: internalTable,
		auth: authTable,
		client: clientTable,
		cluster: clusterTable,
		cache: cacheTable,
		stats: statsTable,
		limits: limitsTable,
		iroh: irohTable,
	},
);
