/**
 * `[web]` and `[internal]`: HTTP, WebSocket, and the operators' listener.
 * @module
 */
import type { ListenAddress } from "./listen-address.ts";

/** `[web.http]`. */
export interface WebHttpConfig {
	readonly listen: ListenAddress | undefined;
}

/** `[web.https]`: all of listen, cert and key, or none. */
export interface WebHttpsConfig {
	readonly listen: ListenAddress | undefined;
	readonly cert: readonly string[];
	readonly key: readonly string[];
	/** PEM files of authorities for optional client certificates. */
	readonly root: readonly string[];
}

/** `[web]`. */
export interface WebConfig {
	readonly http: WebHttpConfig;
	readonly https: WebHttpsConfig;
	/** Serve WebSocket. */
	readonly ws: boolean;
	/** Without `[web.http]` and `[web.https]`: open TCP on `server.bind` with `server.tls`. */
	readonly tcp: boolean;
}

/** `[internal]`: plain HTTP without authentication, for a trusted network only. */
export interface InternalConfig {
	readonly listen: ListenAddress | undefined;
}
