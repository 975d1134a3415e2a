/**
 * A bound UDP port that lets peers in.
 * @module
 */
import type { CommandBuffer } from "./command-buffer.ts";
import type { Bound } from "./event-reader.ts";
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

/** What the engine lends its endpoints. */
export interface EndpointHost {
	readonly commands: CommandBuffer;
	/** A number for an answer that settles the promise. */
	request(settle: (error: string | undefined) => void): number;
	forgetEndpoint(id: number): void;
}

/** The endpoint over native commands. */
export class EngineEndpoint implements Endpoint {
	readonly address: { readonly host: string; readonly port: number };
	readonly udpBuffers: { readonly receiveBytes: number; readonly sendBytes: number };
	readonly #host: EndpointHost;
	readonly #id: number;
	#closed = false;

	constructor(host: EndpointHost, id: number, bound: Bound) {
		this.#host = host;
		this.#id = id;
		this.address = { host: bound.host, port: bound.port };
		this.udpBuffers = { receiveBytes: bound.receiveBytes, sendBytes: bound.sendBytes };
	}

	setCertificates(certificates: readonly Certificate[]): Promise<void> {
		return new Promise((resolve, reject) => {
			const request = this.#host.request((error) => (error === undefined ? resolve() : reject(new Error(error))));
			const record = this.#host.commands.certificates(request, this.#id).u32(certificates.length);
			for (const { chain, key } of certificates) record.text(chain).text(key);
		});
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#host.commands.endpointClose(this.#id);
		this.#host.forgetEndpoint(this.#id);
	}
}
