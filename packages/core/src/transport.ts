/**
 * The transport port: all that sessions, relay, cluster and simulator know of a transport, and all that the engine,
 * WebSocket, TCP and memory transports implement. Shaped like W3C WebTransport where that fits.
 *
 * Every call is a one-way command that takes effect later (the engine and the workers are other threads) and never
 * waits; a handle is valid at once. Calls on a handle whose stream, lane or connection has ended are ignored, since
 * the end may be on its way while the command is given. Every event arrives in a turn of its own, never inside a call.
 * `testkit` has the compliance suite that each transport passes.
 *
 * @module
 */
import type { Tape } from "./tape.ts";

/** What kind of carrier a connection runs on; a label in metrics and the key to what the peer can read. */
export type TransportKind = "quic" | "webtransport" | "websocket" | "tcp" | "unix" | "memory";

/** Facts about a connection that hold for its whole life. */
export interface ConnectionInfo {
	readonly transport: TransportKind;
	/** True at the side that accepted the connection. */
	readonly server: boolean;
	/** The negotiated MoQ protocol: "moq-lite-05", "moql", "moqt-18" …; "" when the peer offered none (in-band SETUP). */
	readonly protocol: string;
	/** The peer's address as `ip:port` (`[ip]:port` for IPv6); "" where there is none. */
	readonly remote: string;
	/** Path and query that the connection was opened with (`/demo?jwt=…`); undefined on raw QUIC and TCP, where SETUP carries it. */
	readonly path: string | undefined;
	/** Server name of the TLS handshake, or the HTTP host; undefined without one. */
	readonly host: string | undefined;
	/** The largest datagram payload in bytes; 0 when the connection carries none. */
	readonly datagramBytesMax: number;
	/** SHA-256 (lower-case hex) of the peer's verified certificate; undefined without mutual TLS. */
	readonly peerCertificate: string | undefined;
	/** What that certificate says of the peer. */
	readonly peerIdentity?: PeerIdentity | undefined;
}

/** Who a peer is, by a certificate that was verified. */
export interface PeerIdentity {
	/** DNS names, IP addresses and URIs, and the common name; lower case, each once. */
	readonly names: readonly string[];
	/** Wall-clock milliseconds at which the certificate ends. */
	readonly notAfterMs: number;
}

/** Path measurements; fields are 0 where the transport cannot know. */
export interface ConnectionStats {
	readonly rttMs: number;
	/** Estimated send rate in bits per second. */
	readonly bitrate: number;
	readonly bytesSent: number;
	readonly bytesReceived: number;
	readonly packetsSent: number;
	readonly packetsLost: number;
	readonly congestionWindowBytes: number;
	/** The largest packet that the path carries as far as is known, in bytes; absent where the transport has no packets. */
	readonly mtuBytes?: number;
}

/** Why and by whom a connection ended. */
export interface ConnectionEnd {
	/** Session code (protocol §4.10), already unmapped from WebTransport; 0 is a plain close. */
	readonly code: number;
	/** Sanitised reason, at most 1024 bytes; may come from the peer. */
	readonly reason: string;
	/** Who ended it: us, the peer, or the path (time-out, reset, transport error). */
	readonly by: "local" | "remote" | "transport";
}

/** Events of one connection; an implementation calls them one at a time, each in a turn of its own. */
export interface ConnectionSink {
	/** The peer opened a bidirectional stream. Its sink must be set with `accept` before the call returns. */
	onBidi(stream: BidiStream): void;
	/** The peer opened a unidirectional stream. Its sink must be set with `accept` before the call returns. */
	onUni(stream: RecvStream): void;
	/** A datagram arrived. `payload` is the receiver's to keep. */
	onDatagram(payload: Uint8Array): void;
	/** The last event of the connection; all its streams and lanes are gone, without further events. */
	onEnd(end: ConnectionEnd): void;
}

/** Events of the sending half of a stream. */
export interface SendSink {
	/** The peer sent STOP_SENDING; nothing more is sent and the half is over. The code is unmapped. */
	onStop(code: number): void;
}

/** Events of the receiving half of a stream. */
export interface RecvSink {
	/**
	 * Bytes in order. `chunk` is the receiver's to keep. With `fin` it is the last event of the half and may be empty.
	 * The receiver returns credit with `RecvStream.consumed` when it is done with the bytes.
	 */
	onData(chunk: Uint8Array, fin: boolean): void;
	/** The peer reset the half: its last event. The code is unmapped. */
	onReset(code: number): void;
}

/** Sending half of a stream. */
export interface SendStream {
	/**
	 * Queue bytes; ownership passes to the transport. Returns false when the half has more than `STREAM_SEND_BYTES_MAX`
	 * unsent: the bytes are taken all the same, and the caller should end the stream or the session.
	 */
	write(bytes: Uint8Array): boolean;
	/** Send everything of the tape after what was written, following it while it grows; a finished tape finishes the half, an aborted or evicted one resets it. */
	play(tape: Tape): void;
	/** FIN after everything written. */
	finish(): void;
	/** RESET_STREAM with a code (unmapped; the transport maps it as its kind needs). Drops what is unsent. */
	reset(code: number): void;
	/** Higher is sent first; default 0. Control streams are above all lanes whatever their number. */
	prioritise(priority: number): void;
}

/** Receiving half of a stream. */
export interface RecvStream {
	/** Set where events go; once, before the turn in which the stream was handed out ends. */
	accept(sink: RecvSink): void;
	/** Return credit for `bytes` received bytes, so that the transport may read on (`READ_AHEAD_BYTES`). */
	consumed(bytes: number): void;
	/** STOP_SENDING with a code; no event follows. */
	stop(code: number): void;
}

/** Both halves of a stream that the peer opened. */
export interface BidiStream {
	readonly send: SendStream;
	readonly recv: RecvStream;
	/** Set where the sending half's events go; optional, once. */
	onSend(sink: SendSink): void;
}

/** How the plays of one subscription share a connection; TypeScript sets it, the transport acts on it alone. */
export interface LanePolicy {
	/** 0–255, higher first; between lanes of a connection. */
	readonly priority: number;
	/** "newest": the newest group first (the default of live media); "oldest": in sequence (`ordered`). */
	readonly order: "newest" | "oldest";
	/** How long an older play may live once a newer tape of the lane exists, in ms; Infinity for ever. */
	readonly latencyMs: number;
	/** Unsent bytes of older plays of the lane above which the oldest is reset, in bytes. */
	readonly budgetBytes: number;
}

/** Events of a lane: exceptions only; a play that ends well is silent. */
export interface LaneSink {
	/** Plays of the lane were given up (latency, budget, stream limit, or the peer's STOP_SENDING); `tags` names them. */
	onDropped(tags: readonly number[], reason: "latency" | "budget" | "streams" | "stopped"): void;
	/**
	 * Optional, once, after `close()` without a code: every play is over, and the peer has acknowledged all of it where
	 * the transport can know, so that a FIN written now does not overtake the last group. Not sent when the connection ends.
	 */
	onDrained?(): void;
}

/** One subscription on one connection: a set of plays that share a policy. */
export interface Lane {
	/**
	 * Open a unidirectional stream, send `header`, then follow the tape from its start to its end. Many lanes playing one
	 * tape in the same turn cost the transport one command. `tag` comes back in `onDropped` (the group's sequence).
	 */
	play(tape: Tape, header: Uint8Array, tag: number): void;
	/** One datagram; dropped silently when it does not fit the path or the peer takes none. */
	datagram(payload: Uint8Array): void;
	/** Replace the policy, for running plays too. */
	update(policy: LanePolicy): void;
	/** No further plays. With a code the running ones are reset with it, without one they end by themselves. */
	close(code?: number): void;
}

/** One QUIC connection, WebTransport session, WebSocket, TCP connection or in-memory pipe. */
export interface Connection {
	readonly info: ConnectionInfo;
	/** Set where events go; once, before the turn in which the connection was handed out ends. */
	accept(sink: ConnectionSink): void;
	/**
	 * Open a stream; beyond the peer's limit it waits in the transport. `undefined` when `STREAMS_PENDING_MAX` wait already
	 * or the connection is over.
	 */
	openBidi(recv: RecvSink, send?: SendSink): BidiHandle | undefined;
	/** As `openBidi`, for a unidirectional stream. */
	openUni(send?: SendSink): SendStream | undefined;
	/** A new lane. `LANES_MAX` is far above what session limits allow, so this does not fail. */
	lane(policy: LanePolicy, sink: LaneSink): Lane;
	/** The latest measurements that the transport reported (about every 100 ms while anyone asks). */
	stats(): ConnectionStats;
	/** End the connection; `onEnd` follows with `by: "local"`. `reason` is cut to 1024 bytes. */
	close(code: number, reason: string): void;
}

/** Both halves of a stream that we opened. */
export interface BidiHandle {
	readonly send: SendStream;
	readonly recv: Pick<RecvStream, "consumed" | "stop">;
}
