/**
 * `[server]`: the QUIC, TCP and unix listeners, and their TLS identity.
 * @module
 */
import { address, choice, count, type Kind, listOf, optional, pattern, text } from "./kind.ts";
import type { ListenAddress } from "./listen-address.ts";
import { type ServerQuicConfig, serverQuicTable } from "./quic.ts";
import { RELOAD_FILES, RELOAD_SOCKET } from "./reload.ts";
import { setting, type Table, table } from "./setting.ts";

/** `[server.tls]`. */
export interface ServerTlsConfig {
	/** PEM chains; the n-th belongs to the n-th key, and the server name picks the pair. */
	readonly cert: readonly string[];
	readonly key: readonly string[];
	/** Host names to make a throw-away certificate for. */
	readonly generate: readonly string[];
	/** PEM files of authorities whose client certificates grant everything under the dialled path. */
	readonly root: readonly string[];
}

/** `[server.tcp]`: qmux over cleartext TCP. */
export interface ServerTcpConfig {
	readonly bind: ListenAddress | undefined;
}

/** `[server.unix.allow]`: whose processes may connect; an empty list allows all. */
export interface UnixAllowConfig {
	readonly uid: readonly number[];
	readonly gid: readonly number[];
	readonly pid: readonly number[];
}

/** `[server.unix]`: qmux over a unix socket. */
export interface ServerUnixConfig {
	readonly bind: string | undefined;
	readonly allow: UnixAllowConfig;
}

/** `[server]`. */
export interface ServerConfig {
	/** The UDP address; undefined when only tcp or unix is served. */
	readonly bind: ListenAddress | undefined;
	readonly backend: string | undefined;
	/** Protocol versions on offer in order of preference, as `moq-lite-05`; empty is all. */
	readonly version: readonly string[];
	readonly tcp: ServerTcpConfig;
	readonly unix: ServerUnixConfig;
	readonly tls: ServerTlsConfig;
	readonly quic: ServerQuicConfig;
}

const files: Kind<readonly string[]> = listOf(text("a file", "FILE"));
const ids: Kind<readonly number[]> = listOf(count(0));

const tlsTable: Table<ServerTlsConfig> = table(
	{ doc: "The certificates that the relay shows, and those it asks for" },
	{
		cert: setting(files, {
			doc: "PEM files with certificate chains; the n-th belongs to the n-th key, and the server name picks the pair",
			fallback: [],
			flag: "--tls-cert",
			reload: RELOAD_FILES,
		}),
		key: setting(files, {
			doc: "PEM files with the private keys of the certificates",
			fallback: [],
			flag: "--tls-key",
			reload: RELOAD_FILES,
		}),
		generate: setting(listOf(text("a host name", "HOST")), {
			doc: "Host names to make a throw-away certificate for, which browsers accept by its fingerprint",
			fallback: [],
			flag: "--tls-generate",
			reload: "certificate: yes, renewed before it ends; names: no",
		}),
		root: setting(files, {
			doc: "PEM files of authorities: a client certificate of theirs grants everything under the dialled path",
			fallback: [],
			flag: "--server-tls-root",
			reload: RELOAD_SOCKET,
		}),
	},
);

const unixTable: Table<ServerUnixConfig> = table(
	{ doc: "qmux over a unix socket" },
	{
		bind: setting(optional(text("a path", "PATH")), {
			doc: "Path of the socket",
			reload: RELOAD_SOCKET,
			pending: "no unix socket is opened",
		}),
		allow: table<UnixAllowConfig>(
			{ doc: "Whose processes may use the unix socket; empty lists allow all" },
			{
				uid: setting(ids, {
					doc: "User ids",
					fallback: [],
					reload: RELOAD_SOCKET,
					pending: "no unix socket is opened",
				}),
				gid: setting(ids, {
					doc: "Group ids",
					fallback: [],
					reload: RELOAD_SOCKET,
					pending: "no unix socket is opened",
				}),
				pid: setting(ids, {
					doc: "Process ids",
					fallback: [],
					reload: RELOAD_SOCKET,
					pending: "no unix socket is opened",
				}),
			},
		),
	},
);

/** The settings of `[server]`. */
export const serverTable: Table<ServerConfig> = table(
	{ doc: "Where sessions come in" },
	{
		bind: setting(optional(address()), {
			doc: 'UDP address for QUIC and WebTransport; "[::]:443" unless only tcp or unix is served',
			aliases: ["server.listen"],
			oldFlags: ["--listen"],
			reload: RELOAD_SOCKET,
		}),
		backend: setting(optional(choice(["quinn", "noq", "quiche"])), {
			doc: "QUIC library of the reference; this relay has one engine",
			fallback: "quinn",
			reload: RELOAD_SOCKET,
			pending: "there is one QUIC engine, and it is used",
		}),
		version: setting(versions(), {
			doc: "Protocol versions on offer, in order of preference; empty is all",
			fallback: [],
			reload: RELOAD_SOCKET,
		}),
		tcp: table<ServerTcpConfig>(
			{ doc: "qmux over cleartext TCP" },
			{
				bind: setting(optional(address()), {
					doc: "TCP address",
					reload: RELOAD_SOCKET,
					pending: "qmux over TCP is not served",
				}),
			},
		),
		unix: unixTable,
		tls: tlsTable,
		quic: serverQuicTable,
	},
);

/** A list of protocol versions, by their names in the reference. */
export function versions(): Kind<readonly string[]> {
	const form = /^(moq-lite-\d\d(-wip)?|moq-transport-\d\d)$/;
	return listOf(pattern(form, 'a version such as "moq-lite-05" or "moq-transport-18"', "VERSION"));
}
