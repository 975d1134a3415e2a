/**
 * `[client]`: connections that this relay opens.
 * @module
 */
import type { ListenAddress } from "./listen-address.ts";
import type { QuicConfig } from "./quic.ts";

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
