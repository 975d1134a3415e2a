/**
 * `[client]`: connections that this relay opens.
 * @module
 */
import { address, choice, count, duration, type Kind, listOf, optional, pattern, text, toggle } from "./kind.ts";
import type { ListenAddress } from "./listen-address.ts";
import { clientQuicTable, type QuicConfig } from "./quic.ts";
import { RELOAD_DIAL, RELOAD_LINKS } from "./reload.ts";
import { versions } from "./server.ts";
import { type Setting, type SettingFacts, setting, type Table, table } from "./setting.ts";

/** `[client.tls]`. */
export interface ClientTlsConfig {
	/** PEM files of trusted authorities. */
	readonly root: readonly string[];
	/** Trust the system's authorities; undefined means yes exactly when `root` is empty. */
	readonly systemRoots: boolean | undefined;
	/** Accepted certificates by SHA-256, lower-case hex. */
	readonly fingerprint: readonly string[];
	readonly cert: string | undefined;
	readonly key: string | undefined;
	readonly disableVerify: boolean;
	/** Name to ask for and to verify instead of the URL's host. */
	readonly hostName: string | undefined;
}

/** `[client.backoff]`: pauses between attempts. */
export interface BackoffConfig {
	readonly initialMs: number;
	readonly multiplier: number;
	readonly maxMs: number;
	/** Give up after this long without success. */
	readonly timeoutMs: number;
}

/** `[client.websocket]`: the fallback where UDP fails. */
export interface ClientWebsocketConfig {
	readonly enabled: boolean;
	/** Head start of QUIC. */
	readonly delayMs: number;
}

/** `[client]`. */
export interface ClientConfig {
	readonly connect: string | undefined;
	readonly bind: ListenAddress;
	readonly backend: string | undefined;
	readonly version: readonly string[];
	readonly failoverDelayMs: number;
	readonly resolutionDelayMs: number;
	readonly timeoutMs: number;
	readonly quic: QuicConfig;
	readonly tls: ClientTlsConfig;
	readonly backoff: BackoffConfig;
	readonly websocket: ClientWebsocketConfig;
}

/** The settings of a TLS client; `reload` is the same for all. */
export const clientTlsTable: Table<ClientTlsConfig> = table(
	{ doc: "Whom this relay trusts when it dials, and what it shows" },
	{
		root: setting(listOf(text("a file", "FILE")), {
			doc: "PEM files of trusted authorities",
			fallback: [],
			oldFlags: ["--tls-root"],
			reload: RELOAD_LINKS,
		}),
		systemRoots: setting(optional(toggle()), {
			doc: "Trust the system's authorities; by default exactly when root is empty",
			oldFlags: ["--tls-system-roots"],
			reload: RELOAD_LINKS,
		}),
		fingerprint: setting(listOf(pattern(/^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, "a SHA-256 in hex", "SHA256")), {
			doc: "Certificates to accept whoever signed them, by SHA-256",
			fallback: [],
			oldFlags: ["--tls-fingerprint"],
			reload: RELOAD_LINKS,
		}),
		cert: setting(optional(text("a file", "FILE")), {
			doc: "PEM chain to show to peers that ask",
			reload: RELOAD_DIAL,
		}),
		key: setting(optional(text("a file", "FILE")), {
			doc: "PEM private key of the client certificate",
			reload: RELOAD_DIAL,
		}),
		disableVerify: setting(toggle(), {
			doc: "Accept any certificate; for trials only",
			fallback: false,
			oldFlags: ["--tls-disable-verify"],
			reload: RELOAD_LINKS,
		}),
		hostName: setting(optional(text("a host name", "HOST")), {
			doc: "Name to ask for and to verify, instead of the URL's host",
			reload: RELOAD_LINKS,
			pending: "the URL's host is asked for and verified",
		}),
	},
);

const backoffTable: Table<BackoffConfig> = table(
	{ doc: "Pauses between attempts to connect" },
	{
		initialMs: backoff("initial", duration(), { doc: "The first pause", fallback: "1s" }),
		multiplier: backoff("multiplier", count(1, 100), { doc: "By how much each pause grows", fallback: 2 }),
		maxMs: backoff("max", duration(), { doc: "The longest pause", fallback: "5s" }),
		timeoutMs: backoff("timeout", duration(), { doc: "Give up after this long without success", fallback: "10s" }),
	},
);

/** The settings of `[client]`. */
export const clientTable: Table<ClientConfig> = table(
	{ doc: "Connections that this relay opens to others" },
	{
		connect: setting(optional(text("a URL", "URL")), {
			doc: "URL to connect to; only command-line tools use it",
			reload: RELOAD_LINKS,
			pending: "a relay dials what [cluster] connect names",
		}),
		bind: setting(address(), {
			doc: "Local address of outgoing connections",
			pending: "the system chooses the local address",
			fallback: "[::]:0",
			reload: RELOAD_LINKS,
		}),
		backend: setting(optional(choice(["quinn", "noq", "quiche"])), {
			doc: "QUIC library of the reference; this relay has one engine",
			fallback: "quinn",
			reload: RELOAD_LINKS,
			pending: "there is one QUIC engine, and it is used",
		}),
		version: setting(versions(), {
			doc: "Protocol versions to offer, in order of preference; empty is all",
			fallback: [],
			reload: RELOAD_LINKS,
		}),
		failoverDelayMs: setting(duration(), {
			doc: "Head start of each address of a host over the next",
			key: "failover_delay",
			fallback: "250ms",
			reload: RELOAD_LINKS,
			pending: "the addresses of a host are tried with the built-in delay",
		}),
		resolutionDelayMs: setting(duration(), {
			doc: "How long to wait for IPv6 addresses when IPv4 ones are there",
			key: "resolution_delay",
			fallback: "50ms",
			reload: RELOAD_LINKS,
			pending: "both kinds of addresses are waited for",
		}),
		timeoutMs: setting(duration(), {
			doc: "How long one attempt to connect may take",
			key: "timeout",
			flag: "--client-connect-timeout",
			env: "MOQ_CLIENT_CONNECT_TIMEOUT",
			fallback: "30s",
			reload: RELOAD_LINKS,
		}),
		quic: clientQuicTable,
		tls: clientTlsTable,
		backoff: backoffTable,
		websocket: table<ClientWebsocketConfig>(
			{ doc: "The fallback where UDP fails" },
			{
				enabled: setting(toggle(), {
					doc: "Try WebSocket too",
					fallback: true,
					flag: "--websocket-enabled",
					reload: RELOAD_LINKS,
				}),
				delayMs: setting(duration(), {
					doc: "Head start of QUIC over WebSocket",
					key: "delay",
					fallback: "200ms",
					flag: "--websocket-delay",
					reload: RELOAD_LINKS,
				}),
			},
		),
	},
);

function backoff(key: string, kind: Kind<number>, facts: Pick<SettingFacts, "doc" | "fallback">): Setting<number> {
	return setting(kind, {
		...facts,
		key,
		flag: `--backoff-${key}`,
		env: `MOQ_BACKOFF_${key.toUpperCase()}`,
		reload: RELOAD_LINKS,
		pending: "links to other relays use the built-in pauses",
	});
}
