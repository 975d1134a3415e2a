/**
 * How a relay is dialled.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import type { Engine, TransportOptions } from "@moq-relay/engine";
import type { LiteVersion } from "@moq-relay/wire";

/** How the relay's certificate is judged. With nothing set, the system's authorities are trusted. */
export interface DialTls {
	/** PEM texts of authorities to trust. */
	readonly roots?: readonly string[];
	/** Trust the system's too; default: exactly when there are no `roots`. */
	readonly systemRoots?: boolean;
	/** SHA-256 of acceptable certificates, hex; name and validity are then not looked at. */
	readonly fingerprints?: readonly string[];
	/** Accept any certificate. For tests only. */
	readonly disableVerify?: boolean;
	/** Shown to a server that asks for one; PEM, the chain's leaf first. */
	readonly certificate?: { readonly chain: string; readonly key: string };
}

/** Options of `dial`; everything has a default. */
export interface DialOptions {
	readonly tls?: DialTls;
	/** Versions to offer, the preferred first; default all. */
	readonly versions?: readonly LiteVersion[];
	/** Sent as `Authorization: Bearer` instead of `?jwt=`, where the transport has headers. */
	readonly authorization?: string;
	/** For all of it, in ms; default `DIAL_MS_MAX`. */
	readonly timeoutMs?: number;
	readonly signal?: AbortSignal;
	/** WebSocket beside QUIC for `https:` and `http:` URLs; default on, `WEBSOCKET_DELAY_MS` later. */
	readonly webSocket?: {
		readonly enabled?: boolean;
		readonly delayMs?: number;
		/** Silence after which a WebSocket is dead, in ms; default `SILENCE_MS`. Pings go out four times as often. */
		readonly idleMs?: number;
	};
	/** Default: one engine for the process, loaded when first needed. `null`: do without QUIC. */
	readonly engine?: Engine | null;
	/** For timers of WebSocket connections; default the system's. */
	readonly clock?: Clock;
	/** QUIC's knobs; each has the engine's default. */
	readonly transport?: TransportOptions;
}
