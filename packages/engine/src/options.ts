/**
 * What an endpoint is told when it is bound and a connection when it is made. All durations are milliseconds.
 * @module
 */

/** A certificate chain and its private key, both PEM. Names for SNI are taken from the leaf's subject alternative names. */
export interface Certificate {
	/** The leaf first, then the intermediates. */
	readonly chain: string;
	/** PKCS #8, SEC 1 or PKCS #1. */
	readonly key: string;
}

/** QUIC's knobs; what is left out takes the default given with each. */
export interface TransportOptions {
	/** Bidirectional streams the peer may have open at a time; default 1024. */
	readonly bidiStreamsMax?: number;
	/** Unidirectional streams the peer may have open at a time; default 1024. */
	readonly uniStreamsMax?: number;
	/** Silence after which the connection is over; default 30 000, 0 for never. */
	readonly idleTimeoutMs?: number;
	/** A PING after so much silence; default 0 for none at a server, 5000 at a client. */
	readonly keepAliveMs?: number;
	/** First UDP payload size in bytes; default 1200, the least that QUIC allows. */
	readonly mtuBytes?: number;
	/** Probe for a larger UDP payload up to this many bytes; default 0 for off. */
	readonly mtuDiscoveryBytesMax?: number;
	/** Default "cubic". */
	readonly congestionControl?: "cubic" | "bbr" | "newreno";
	/** Bytes that the peer may send ahead on one stream; default 1 MiB. */
	readonly streamWindowBytes?: number;
	/** Bytes that the peer may send ahead on all streams together; default 8 MiB. */
	readonly connectionWindowBytes?: number;
	/** Segments per send call (GSO), 1 switches it off; default 10. */
	readonly segmentsMax?: number;
}

/** How an endpoint is bound and whom it lets in. */
export interface ListenOptions {
	/** IP address; `::` takes IPv4 too, and falls back to `0.0.0.0` where the machine has no IPv6. */
	readonly host: string;
	/** UDP port; 0 picks a free one. */
	readonly port: number;
	/** At least one; the first serves a client that names none of them. */
	readonly certificates: readonly Certificate[];
	/** ALPNs taken on raw QUIC, the preferred first. */
	readonly protocols: readonly string[];
	/** Take WebTransport (ALPN `h3`) as well; default true. */
	readonly webtransport?: boolean;
	/** PEM roots that client certificates must lead to; without them no client certificate is asked for. */
	readonly clientRoots?: string;
	/** Refuse clients without a certificate; default false. */
	readonly clientCertificateRequired?: boolean;
	/** Handshakes (WebTransport's CONNECT included) under way at a time, further ones are refused; default 4096. */
	readonly handshakesPendingMax?: number;
	/** Answer with Retry while more than this many handshakes of unvalidated addresses are pending; default 256. */
	readonly retryAbove?: number;
	/** Time to finish the handshake, WebTransport's CONNECT included; default 10 000. */
	readonly handshakeTimeoutMs?: number;
	/** Kernel buffer asked for in each direction and per thread; default 4 MiB. The grant is in `Endpoint`. */
	readonly udpBufferBytes?: number;
	/**
	 * What stateless resets are made with, 32 bytes or more: with the same secret, a process that is started again on the
	 * port tells the peers of the one before it at once that it does not know them. Default: random. Only processes among
	 * which the packets for one address may be spread share a secret; RFC 9000 §21.11 says why.
	 */
	readonly resetSecret?: Uint8Array;
	readonly transport?: TransportOptions;
}

/** How the server's certificate is judged. With none of the first three, the system's roots are used. */
export interface VerifyOptions {
	/** PEM roots; replace the system's unless `system` is true. */
	readonly roots?: string;
	/** Use the system's roots too. */
	readonly system?: boolean;
	/** SHA-256 of acceptable leaf certificates, hex (colons allowed); name and validity are then not looked at. */
	readonly fingerprints?: readonly string[];
	/** Accept any certificate. For tests only. */
	readonly disabled?: boolean;
}

/** Where to, as what, and how sure to be of the peer. */
export interface ConnectOptions {
	/** Tried in order, each started 250 ms after the one before or as soon as that one failed; the first to answer wins. */
	readonly addresses: readonly { readonly host: string; readonly port: number }[];
	/** Name for SNI and for the certificate; an IP address is allowed. */
	readonly serverName: string;
	/** Raw QUIC: the ALPNs offered, the preferred first. Exactly one of `protocols` and `webtransport`. */
	readonly protocols?: readonly string[];
	readonly webtransport?: {
		/** `https://host:port/path?query`. */
		readonly url: string;
		/** Offered in `WT-Available-Protocols`, the preferred first. */
		readonly protocols: readonly string[];
		/** Sent as the Authorization header. */
		readonly authorization?: string;
	};
	readonly verify?: VerifyOptions;
	/** Shown to a server that asks for one. */
	readonly certificate?: Certificate;
	/** Until the connection is usable, WebTransport's CONNECT included; default 10 000. */
	readonly timeoutMs?: number;
	/** Gives up early; the promise then rejects with kind "aborted". */
	readonly signal?: AbortSignal;
	readonly transport?: TransportOptions;
}
