/**
 * `[server]`: the QUIC, TCP and unix listeners, and their TLS identity.
 * @module
 */
import type { ListenAddress } from "./listen-address.ts";
import type { ServerQuicConfig } from "./quic.ts";

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
