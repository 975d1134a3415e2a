/**
 * `[server.quic]` and `[client.quic]`: the QUIC transport.
 * @module
 */

/** Transport settings that both directions have. Undefined leaves the choice to the engine. */
export interface QuicConfig {
	/** Inbound streams of each kind that one connection may have open. */
	readonly maxStreams: number;
	readonly gso: boolean;
	readonly idleTimeoutMs: number;
	/** 0 is off. */
	readonly keepAliveMs: number;
	readonly mtuDiscovery: boolean;
	readonly congestionControl: "loss" | "delay" | undefined;
	/** Folder for qlog files. */
	readonly qlog: string | undefined;
}

/** Transport settings of the listening side. */
export interface ServerQuicConfig extends QuicConfig {
	/** `ip:port` that clients are asked to migrate to. */
	readonly preferredV4: string | undefined;
	readonly preferredV6: string | undefined;
	/** QUIC-LB server id, hex. */
	readonly quicLbId: string | undefined;
	/** QUIC-LB nonce length in bytes. */
	readonly quicLbNonce: number | undefined;
}
