/**
 * A bound UDP port that lets peers in.
 * @module
 */
import type { Incoming } from "./incoming.ts";
import type { Certificate } from "./options.ts";

/** Events of an endpoint. */
export interface EndpointSink {
	/** A peer finished its handshake (and, on WebTransport, sent CONNECT). Decide now or later. */
	onIncoming(incoming: Incoming): void;
}

/** A bound UDP port, shared by all engine threads. */
export interface Endpoint {
	/** The address it is bound to, with the real port. */
	readonly address: { readonly host: string; readonly port: number };
	/** What the kernel granted per socket, in bytes; less than asked means `net.core.{r,w}mem_max` is small. */
	readonly udpBuffers: { readonly receiveBytes: number; readonly sendBytes: number };
	/** Serve these to new handshakes from now on. Rejects, and keeps the old ones, when a pair is bad: the message says which and why. */
	setCertificates(certificates: readonly Certificate[]): Promise<void>;
	/** Stop letting peers in; the port is freed once the last connection it accepted has ended. */
	close(): void;
}
