/**
 * Two engines and an endpoint, for tests of what the port does not show.
 * @module
 */
import type { Connection, ConnectionEnd, ConnectionSink } from "@moq-relay/core";
import type { ConnectOptions, Endpoint, Engine, Incoming, ListenOptions } from "@moq-relay/engine";
import { settleInRealTime } from "../compliance/settle.ts";
import { selfSigned, type TestCertificate } from "./certificate.ts";
import { loadEngine } from "./factory.ts";

/** A listening engine, a dialling one, and everyone who knocked. */
export class Peers implements Disposable {
	readonly server: Engine;
	readonly client: Engine;
	readonly endpoint: Endpoint;
	readonly certificate: TestCertificate;
	readonly faults: string[];
	/** Peers at the door, in order. */
	readonly incoming: Incoming[];
	/** Runs for each of them at once; by default nobody answers. */
	onIncoming: ((incoming: Incoming) => void) | undefined = undefined;

	private constructor(parts: Pick<Peers, "server" | "client" | "endpoint" | "certificate" | "faults" | "incoming">) {
		this.server = parts.server;
		this.client = parts.client;
		this.endpoint = parts.endpoint;
		this.certificate = parts.certificate;
		this.faults = parts.faults;
		this.incoming = parts.incoming;
	}

	/** Bind 127.0.0.1 with ALPN "test" and a certificate for localhost, unless the options say otherwise. */
	static async start(options: Partial<ListenOptions> = {}): Promise<Peers> {
		const faults: string[] = [];
		const onFault = (message: string): void => {
			faults.push(message);
		};
		const [server, client] = [loadEngine({ onFault }), loadEngine({ onFault })];
		const certificate = await selfSigned(["localhost"]);
		const incoming: Incoming[] = [];
		const basic = { host: "127.0.0.1", port: 0, certificates: [certificate], protocols: ["test"] };
		const endpoint = await server.listen(
			{ ...basic, ...options },
			{
				onIncoming: (peer) => {
					incoming.push(peer);
					peers.onIncoming?.(peer);
				},
			},
		);
		const peers = new Peers({ server, client, endpoint, certificate, faults, incoming });
		return peers;
	}

	/** Dial the endpoint on raw QUIC with ALPN "test", trusting its first certificate, unless the options say otherwise. */
	dial(options: Partial<ConnectOptions> = {}): Promise<Connection> {
		const basic: ConnectOptions = {
			addresses: [this.endpoint.address],
			serverName: "localhost",
			verify: { fingerprints: [this.certificate.fingerprint] },
			...(options.webtransport === undefined && { protocols: ["test"] }),
		};
		return this.client.connect({ ...basic, ...options });
	}

	/** Dial a WebTransport session at this path. */
	dialSession(path = "/", options: Partial<ConnectOptions> = {}): Promise<Connection> {
		const url = `https://localhost:${this.endpoint.address.port}${path}`;
		return this.dial({ webtransport: { url, protocols: ["a", "b"] }, ...options });
	}

	/** The next one who knocks. */
	async knock(count = 1): Promise<Incoming> {
		await settleInRealTime(() => this.incoming.length >= count);
		const incoming = this.incoming[count - 1];
		if (incoming === undefined) throw new Error("nobody knocked");
		return incoming;
	}

	[Symbol.dispose](): void {
		this.client.close();
		this.server.close();
	}
}

/** Keeps what a connection reports. */
export class Ear implements ConnectionSink {
	readonly bytes: Uint8Array[] = [];
	readonly datagrams: Uint8Array[] = [];
	streams = 0;
	end: ConnectionEnd | undefined = undefined;
	readonly #connection: Connection;

	/** Becomes the connection's sink. */
	constructor(connection: Connection) {
		this.#connection = connection;
		connection.accept(this);
	}

	onBidi(stream: Parameters<ConnectionSink["onBidi"]>[0]): void {
		this.onUni(stream.recv);
		stream.send.finish();
	}

	onUni(stream: Parameters<ConnectionSink["onUni"]>[0]): void {
		this.streams += 1;
		stream.accept({
			onData: (chunk) => {
				this.bytes.push(chunk);
				stream.consumed(chunk.byteLength);
			},
			onReset: () => {},
		});
	}

	onDatagram(payload: Uint8Array): void {
		this.datagrams.push(payload);
	}

	onEnd(end: ConnectionEnd): void {
		this.end = end;
	}

	/** How the connection ended, once it has. */
	async ended(): Promise<ConnectionEnd> {
		await settleInRealTime(() => this.end !== undefined);
		if (this.end === undefined) throw new Error(`${this.#connection.info.remote} goes on`);
		return this.end;
	}

	/** All bytes of all streams, once there are so many. */
	async heard(length: number): Promise<Buffer> {
		await settleInRealTime(() => Buffer.concat(this.bytes).byteLength >= length);
		return Buffer.concat(this.bytes);
	}
}
