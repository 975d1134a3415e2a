/**
 * `[web]` and `[internal]`: HTTP, WebSocket, and the operators' listener.
 * @module
 */
import { address, type Kind, listOf, optional, text, toggle } from "./kind.ts";
import type { ListenAddress } from "./listen-address.ts";
import { RELOAD_FILES, RELOAD_SOCKET } from "./reload.ts";
import { setting, type Table, table } from "./setting.ts";

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
	/** Folder of static files to serve at `/`, an `index.html` among them. */
	readonly page: string | undefined;
}

/** `[internal]`: plain HTTP without authentication, for a trusted network only. */
export interface InternalConfig {
	readonly listen: ListenAddress | undefined;
}

const files: Kind<readonly string[]> = listOf(text("a file", "FILE"));

/** The settings of `[web]`. */
export const webTable: Table<WebConfig> = table(
	{ doc: "HTTP, HTTPS and WebSocket over TCP" },
	{
		http: table<WebHttpConfig>(
			{ doc: "Everything over plain HTTP" },
			{ listen: setting(optional(address()), { doc: "TCP address for HTTP and ws", reload: RELOAD_SOCKET }) },
		),
		https: table<WebHttpsConfig>(
			{ doc: "Everything over TLS; listen, cert and key belong together" },
			{
				listen: setting(optional(address()), { doc: "TCP address for HTTPS and wss", reload: RELOAD_SOCKET }),
				cert: setting(files, { doc: "PEM files with certificate chains", fallback: [], reload: RELOAD_FILES }),
				key: setting(files, { doc: "PEM files with their private keys", fallback: [], reload: RELOAD_FILES }),
				root: setting(files, {
					doc: "PEM files of authorities for optional client certificates",
					fallback: [],
					reload: RELOAD_SOCKET,
				}),
			},
		),
		ws: setting(toggle(), { doc: "Serve WebSocket", fallback: true, reload: RELOAD_SOCKET }),
		tcp: setting(toggle(), {
			doc: "Without [web.http] and [web.https], open TCP on server.bind with the certificates of [server.tls]",
			fallback: true,
			reload: RELOAD_SOCKET,
		}),
		page: setting(optional(text("a folder", "FOLDER")), {
			doc: "Folder of static files to serve at /, with an index.html",
			reload: RELOAD_SOCKET,
		}),
	},
);

/** The settings of `[internal]`. */
export const internalTable: Table<InternalConfig> = table(
	{ doc: "Plain HTTP for operators, without authentication: for a trusted network only" },
	{
		listen: setting(optional(address()), {
			doc: "TCP address for metrics and health",
			reload: RELOAD_SOCKET,
		}),
	},
);
