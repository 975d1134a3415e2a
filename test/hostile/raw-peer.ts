/**
 * A QUIC connection or WebTransport session that writes whatever bytes it likes.
 * @module
 */
import type { Connection, ConnectionEnd, SendStream } from "@moq-relay/core";
import { type ConnectOptions, Engine } from "@moq-relay/engine";
import { openStream, UniType } from "@moq-relay/wire";
import { until } from "./until.ts";

/** One bidirectional stream of the attacker's. */
export interface RawBidi {
	readonly send: SendStream;
	/** Everything that came back. */
	readonly heard: () => Uint8Array;
	/** Code of the reset or STOP_SENDING, "fin" after a FIN, undefined while it is open. */
	readonly end: () => number | "fin" | undefined;
	readonly stopped: () => number | undefined;
	stop(code: number): void;
}

/** A stream that the relay opened. */
export interface FromRelay {
	readonly kind: "bidi" | "uni";
	readonly heard: Uint8Array[];
	fin: boolean;
	/** Undefined for unidirectional streams. */
	readonly send: SendStream | undefined;
}

/** How the attacker comes in. */
export interface RawPeerOptions {
	/** ALPN on raw QUIC; default moq-lite-05. */
	readonly protocol?: string;
	/** WebTransport to this path instead. */
	readonly path?: string;
	/** Do not return credit for what is received. */
	readonly deaf?: boolean;
	readonly transport?: NonNullable<ConnectOptions["transport"]>;
}

/** The attacker's end. */
export class RawPeer implements Disposable {
	readonly connection: Connection;
	readonly streams: FromRelay[] = [];
	end: ConnectionEnd | undefined;
	readonly #deaf: boolean;

	private constructor(connection: Connection, deaf: boolean) {
		this.connection = connection;
		this.#deaf = deaf;
		connection.accept({
			onBidi: ({ send, recv }) => this.#take({ kind: "bidi", heard: [], fin: false, send }, recv, deaf),
			onUni: (recv) => this.#take({ kind: "uni", heard: [], fin: false, send: undefined }, recv, deaf),
			onDatagram: () => {},
			onEnd: (end) => {
				this.end = end;
			},
		});
	}

	/** Connect. @throws ConnectError */
	static async open(port: number, options: RawPeerOptions = {}): Promise<RawPeer> {
		const { protocol = "moq-lite-05", path, deaf = false, transport } = options;
		const connection = await engine().connect({
			addresses: [{ host: "127.0.0.1", port }],
			serverName: "localhost",
			verify: { disabled: true },
			...(path === undefined
				? { protocols: [protocol] }
				: { webtransport: { url: `https://localhost:${port}${path}`, protocols: [protocol] } }),
			...(transport !== undefined && { transport }),
		});
		return new RawPeer(connection, deaf);
	}

	/** Introduce ourselves as moq-lite-05 wants it: an empty SETUP, or one with a path. */
	setUp(body: Uint8Array = Uint8Array.of(1, 0)): void {
		const stream = this.connection.openUni();
		stream?.write(openStream(UniType.Setup, body));
		stream?.finish();
	}

	/** A bidirectional stream with these first bytes. Undefined: the transport takes no more. */
	bidi(bytes: Uint8Array, { fin = false }: { fin?: boolean } = {}): RawBidi | undefined {
		const chunks: Uint8Array[] = [];
		let end: number | "fin" | undefined;
		let stopped: number | undefined;
		const handle = this.connection.openBidi(
			{
				onData: (chunk, last) => {
					chunks.push(chunk);
					if (last) end = "fin";
					if (!this.#deaf) handle?.recv.consumed(chunk.byteLength);
				},
				onReset: (code) => {
					end = code;
				},
			},
			{
				onStop: (code) => {
					stopped = code;
				},
			},
		);
		if (handle === undefined) return undefined;
		if (bytes.byteLength > 0) handle.send.write(bytes);
		if (fin) handle.send.finish();
		return {
			send: handle.send,
			heard: () => Buffer.concat(chunks),
			end: () => end,
			stopped: () => stopped,
			stop: (code) => handle.recv.stop(code),
		};
	}

	/** A unidirectional stream with these first bytes; the code of STOP_SENDING once it came. */
	uni(
		bytes: Uint8Array,
		{ fin = false }: { fin?: boolean } = {},
	): { send: SendStream; stopped(): number | undefined } | undefined {
		let stopped: number | undefined;
		const send = this.connection.openUni({
			onStop: (code) => {
				stopped = code;
			},
		});
		if (send === undefined) return undefined;
		if (bytes.byteLength > 0) send.write(bytes);
		if (fin) send.finish();
		return { send, stopped: () => stopped };
	}

	/** Wait until the relay has ended the session. */
	async ended(): Promise<ConnectionEnd> {
		await until(
			() => this.end !== undefined,
			() => "the relay did not end the session",
		);
		return this.end as ConnectionEnd;
	}

	/** The relay's interest in our announcements: the stream on which a publisher announces. */
	async interest(): Promise<FromRelay> {
		const find = (): FromRelay | undefined =>
			this.streams.find(({ kind, heard }) => kind === "bidi" && heard[0]?.[0] === 1);
		await until(
			() => find() !== undefined || this.end !== undefined,
			() => "the relay does not ask for announcements",
		);
		return find() as FromRelay;
	}

	[Symbol.dispose](): void {
		this.connection.close(0, "");
	}

	#take(stream: FromRelay, recv: { accept(sink: object): void; consumed(bytes: number): void }, deaf: boolean): void {
		this.streams.push(stream);
		recv.accept({
			onData: (chunk: Uint8Array, fin: boolean) => {
				stream.heard.push(chunk);
				stream.fin = fin;
				if (!deaf) recv.consumed(chunk.byteLength);
			},
			onReset: () => {},
		});
	}
}

let shared: Engine | undefined;

function engine(): Engine {
	if (shared !== undefined) return shared;
	const loaded = Engine.load();
	if ("missing" in loaded) throw new Error(loaded.missing);
	shared = loaded;
	return loaded;
}
