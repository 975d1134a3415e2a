/**
 * QUIC and WebTransport on native threads: the door to everything in this package.
 * @module
 */
import { type Connection, limits } from "@moq-relay/core";
import { CommandBuffer, type ConnectionKey } from "./command-buffer.ts";
import { ConnectError } from "./connect-error.ts";
import { type ConnectionHost, EngineConnection } from "./connection.ts";
import { Dial, type DialHost } from "./dial.ts";
import { type Endpoint, type EndpointHost, type EndpointSink, EngineEndpoint } from "./endpoint.ts";
import { type EngineStats, readStats } from "./engine-stats.ts";
import {
	type Bound,
	type Connected,
	type ConnectionEvents,
	type EventSink,
	type Failed,
	readEvents,
} from "./event-reader.ts";
import type { IncomingInfo } from "./incoming.ts";
import { IncomingConnection } from "./incoming-connection.ts";
import { loadLibrary, type NativeEngine, type StartOptions } from "./native.ts";
import { writeConnect, writeListen } from "./option-records.ts";
import type { ConnectOptions, ListenOptions } from "./options.ts";
import { TapeMirrors } from "./tape.ts";

/** Why there is no engine here; the relay then runs on WebSocket only. */
export interface EngineMissing {
	/** One line with the remedy. */
	readonly missing: string;
}

/** How the engine is started. */
export interface EngineOptions {
	/** Event loops, 1 to 64; default 1. */
	readonly threads?: number;
	/** Told of what should never happen: a panic in a library, an exception in a sink. Default: nothing. */
	readonly onFault?: (message: string) => void;
}

interface Attempt {
	readonly dial: Dial;
	readonly cancel: () => void;
}

/** The native engine. One per process is enough; several do not disturb each other. */
export class Engine implements Disposable {
	readonly #native: NativeEngine;
	readonly #threads: number;
	readonly #onFault: (message: string) => void;
	readonly #commands: CommandBuffer;
	readonly #tapes: TapeMirrors;
	readonly #connections = new Map<number, EngineConnection>();
	readonly #endpoints = new Map<number, EndpointSink>();
	readonly #listens = new Map<number, (result: Bound | string) => void>();
	readonly #requests = new Map<number, (error: string | undefined) => void>();
	readonly #attempts = new Map<number, Attempt>();
	readonly #hosts: ConnectionHost & EndpointHost & DialHost;
	#numbers = 0;
	/** Keeps the process up while there is something to wait for; the native side by itself does not. */
	#alive: NodeJS.Timeout | undefined;
	#closed = false;

	/** The engine, or why there is none. Never throws. */
	static load(options: EngineOptions = {}): Engine | EngineMissing {
		const library = loadLibrary();
		if (typeof library === "string") return { missing: library };
		try {
			return new Engine((start, wake) => new library.NativeEngine(start, wake), options);
		} catch (thrown) {
			return { missing: `the engine does not start: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
		}
	}

	private constructor(start: (options: StartOptions, wake: () => void) => NativeEngine, options: EngineOptions) {
		this.#native = start(
			{
				threads: options.threads ?? 1,
				readAheadBytes: limits.READ_AHEAD_BYTES,
				sessionReadAheadBytes: limits.SESSION_READ_AHEAD_BYTES,
				streamsPendingMax: limits.STREAMS_PENDING_MAX,
				lanesMax: limits.LANES_MAX,
			},
			() => this.#drain(),
		);
		this.#threads = readStats(this.#native.stats()).threads;
		this.#onFault = options.onFault ?? ((): void => {});
		this.#commands = new CommandBuffer(this.#native, this.#threads);
		this.#tapes = new TapeMirrors(this.#commands);
		this.#hosts = this.#host();
	}

	/** Bind a port. Rejects with an Error whose message is one line: port in use, bad certificate and the like. */
	listen(options: ListenOptions, sink: EndpointSink): Promise<Endpoint> {
		if (this.#closed) return Promise.reject(new Error("the engine was closed"));
		return new Promise((resolve, reject) => {
			const [request, endpoint] = [this.#number(), this.#number()];
			this.#endpoints.set(endpoint, sink);
			this.#listens.set(request, (result) => {
				if (typeof result !== "string") return resolve(new EngineEndpoint(this.#hosts, endpoint, result));
				this.#hosts.forgetEndpoint(endpoint);
				reject(new Error(result));
			});
			writeListen(this.#commands.listen(), { request, endpoint }, options);
			this.#stayAlive();
		});
	}

	/**
	 * Make a connection. It is usable when the promise settles; give it its sink in the same turn.
	 * @throws ConnectError
	 */
	connect(options: ConnectOptions): Promise<Connection> {
		if (this.#closed) return Promise.reject(new ConnectError("engine", "the engine was closed"));
		if ((options.protocols === undefined) === (options.webtransport === undefined)) {
			return Promise.reject(new ConnectError("options", "exactly one of protocols and webtransport is needed"));
		}
		return new Dial(this.#hosts, options).result;
	}

	/** Totals since the start. */
	stats(): EngineStats {
		return readStats(this.#native.stats());
	}

	/** Close every connection with code 0 and stop the threads; waits until the closes are sent, a few milliseconds. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const { dial } of this.#attempts.values()) dial.abandon();
		this.#commands.close();
		this.#native.close();
		this.#drain();
		for (const settle of this.#listens.values()) settle("the engine was closed");
		for (const settle of this.#requests.values()) settle("the engine was closed");
		this.#endpoints.clear();
		this.#rest();
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#number(): number {
		this.#numbers = (this.#numbers + 1) >>> 0;
		return this.#numbers;
	}

	#host(): ConnectionHost & EndpointHost & DialHost {
		return {
			commands: this.#commands,
			tapes: this.#tapes,
			forget: (connection) => {
				this.#connections.delete(numberOf(connection.key));
				this.#rest();
			},
			onThrown: (connection, thrown) => this.#blame(connection, thrown),
			request: (settle) => {
				const request = this.#number();
				this.#requests.set(request, settle);
				return request;
			},
			forgetEndpoint: (id) => {
				this.#endpoints.delete(id);
				this.#rest();
			},
			attempt: (address, dial) => this.#attempt(address, dial),
		};
	}

	#attempt(address: { readonly host: string; readonly port: number }, dial: Dial): () => void {
		const request = this.#number();
		const thread = request % this.#threads;
		const cancel = (): void => {
			if (!this.#attempts.delete(request)) return;
			this.#commands.connectCancel(request, thread);
			this.#rest();
		};
		this.#attempts.set(request, { dial, cancel });
		writeConnect(this.#commands.connect(), { request, thread, ...address }, dial.options);
		this.#stayAlive();
		return cancel;
	}

	#drain(): void {
		const sink = this.#sink;
		for (let batch = this.#native.drain(); batch !== null; batch = this.#native.drain()) {
			readEvents(new Uint8Array(batch.buffer, batch.byteOffset, batch.byteLength), sink);
		}
		if (!this.#closed) this.#commands.flush();
	}

	readonly #sink: EventSink = {
		onListening: (request, result) => take(this.#listens, request)?.(result),
		onCertificates: (request, error) => take(this.#requests, request)?.(error),
		onIncoming: (endpoint, peer) => this.#onIncoming(endpoint, peer),
		onConnected: (request, key, connected) => this.#onConnected(request, key, connected),
		onConnectFailed: (request, failed) => this.#onConnectFailed(request, failed),
		onFault: (message) => this.#onFault(message),
		onThrown: (key, thrown) => this.#blame(key && this.#connections.get(numberOf(key)), thrown),
		connection: (key): ConnectionEvents | undefined => this.#connections.get(numberOf(key)),
	};

	#onIncoming(endpoint: number, peer: { key: ConnectionKey; info: IncomingInfo; datagramBytesMax: number }): void {
		const { transport, remote, path, host, peerCertificate, peerIdentity } = peer.info;
		const { datagramBytesMax } = peer;
		const about = { remote, path, host, datagramBytesMax, peerCertificate, peerIdentity };
		const info = { transport, server: true, protocol: "", ...about };
		const connection = this.#add(peer.key, info);
		const incoming = new IncomingConnection(connection, peer.info);
		const sink = this.#endpoints.get(endpoint);
		// the endpoint was closed while the peer knocked
		if (sink === undefined) incoming.reject(503);
		else sink.onIncoming(incoming);
	}

	#onConnected(request: number, key: ConnectionKey, connected: Connected): void {
		const attempt = take(this.#attempts, request);
		// called off while it succeeded
		if (attempt === undefined) return this.#commands.closeConnection(key, { code: 0, reason: "" });
		const { webtransport, serverName } = attempt.dial.options;
		const url = webtransport === undefined ? undefined : new URL(webtransport.url);
		const connection = this.#add(key, {
			transport: url === undefined ? "quic" : "webtransport",
			server: false,
			protocol: connected.protocol,
			remote: connected.remote,
			path: url === undefined ? undefined : url.pathname + url.search,
			host: serverName,
			datagramBytesMax: connected.datagramBytesMax,
			peerCertificate: undefined,
		});
		attempt.dial.onConnected(connection, attempt.cancel);
	}

	#onConnectFailed(request: number, failed: Failed): void {
		const attempt = take(this.#attempts, request);
		attempt?.dial.onFailed(failed, attempt.cancel);
		this.#rest();
	}

	#add(key: ConnectionKey, info: Connection["info"]): EngineConnection {
		const connection = new EngineConnection(this.#hosts, key, info);
		this.#connections.set(numberOf(key), connection);
		this.#stayAlive();
		return connection;
	}

	/** A sink threw: its connection pays for it, if there is one. */
	#blame(connection: EngineConnection | undefined, thrown: unknown): void {
		connection?.close(0, "internal error");
		const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
		this.#onFault(`a sink of the engine threw: ${what}`);
	}

	#stayAlive(): void {
		this.#alive ??= setInterval(() => {}, 2 ** 30);
	}

	#rest(): void {
		const busy = this.#connections.size + this.#endpoints.size + this.#attempts.size + this.#requests.size;
		if (busy > 0 && !this.#closed) return;
		clearInterval(this.#alive);
		this.#alive = undefined;
	}
}

function numberOf(key: ConnectionKey): number {
	return key.thread * 2 ** 32 + key.id;
}

function take<Value>(map: Map<number, Value>, key: number): Value | undefined {
	const value = map.get(key);
	map.delete(key);
	return value;
}
