/**
 * A connection that has been negotiated but not yet let in.
 * @module
 */
import type { Connection, PeerIdentity } from "@moq-relay/core";

/** What is known of a peer before it is let in. All texts come from the peer and are bounded, not trusted. */
export interface IncomingInfo {
	readonly transport: "quic" | "webtransport";
	/** `ip:port` (`[ip]:port` for IPv6). */
	readonly remote: string;
	/** True when the address had proven itself (Retry) before the handshake began. */
	readonly validated: boolean;
	/** The ALPN agreed on; `h3` for WebTransport. */
	readonly alpn: string;
	/** SNI, else the host of the WebTransport authority; undefined without either. */
	readonly host: string | undefined;
	/** SHA-256 (lower-case hex) of the verified client certificate. */
	readonly peerCertificate: string | undefined;
	/** What that certificate says. */
	readonly peerIdentity: PeerIdentity | undefined;
	/** WebTransport: path and query as requested; undefined on raw QUIC. */
	readonly path: string | undefined;
	/** WebTransport: `:authority`. */
	readonly authority: string | undefined;
	/** WebTransport: the Origin header. */
	readonly origin: string | undefined;
	/** WebTransport: the Authorization header. */
	readonly authorization: string | undefined;
	/** WebTransport: `WT-Available-Protocols`, in the peer's order; empty when the header is absent. */
	readonly protocols: readonly string[];
}

/**
 * One peer at the door. Call one of the three, at any time until the handshake time-out; nothing is read from the peer
 * before. A connection that is accepted after its peer has left ends at once. After `accept` the other two close the
 * connection; after those, nothing more happens.
 */
export interface Incoming {
	readonly info: IncomingInfo;
	/**
	 * Let the peer in; give the connection its sink in the same turn. `protocol` becomes `ConnectionInfo.protocol`; on
	 * WebTransport it is also answered in `WT-Protocol` unless empty.
	 */
	accept(protocol: string): Connection;
	/** WebTransport: answer CONNECT with this HTTP status (400–599). Raw QUIC: close with 6 for 401 and 403, else 0. */
	reject(status: number): void;
	/** Let a WebTransport session begin and end it at once, so that the page can read the code; on raw QUIC just close. */
	close(code: number, reason: string): void;
}
