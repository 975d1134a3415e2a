/**
 * QUIC and WebTransport on native threads: the door to everything in this package.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import { ConnectError } from "./connect-error.ts";
import type { Endpoint, EndpointSink } from "./endpoint.ts";
import type { ConnectOptions, ListenOptions } from "./options.ts";

/** Why there is no engine here; the relay then runs on WebSocket only. */
export interface EngineMissing {
	/** One line with the remedy. */
	readonly missing: string;
}

/** How the engine is started. */
export interface EngineOptions {
	/** Event loops; default 1. */
	readonly threads?: number;
	/** Told of what should never happen: a panic in a library, an exception in a sink. Default: nothing. */
	readonly onFault?: (message: string) => void;
}

/** Totals since the start, over all threads. */
export interface EngineStats {
	readonly threads: number;
	readonly connections: number;
	/** Connections lost to a panic in the engine or a library. */
	readonly panics: number;
	/** Handshakes refused, retried, and timed out. */
	readonly handshakesRefused: number;
	readonly handshakesRetried: number;
	readonly handshakesTimedOut: number;
	/** Plays that ended early, whatever the reason. */
	readonly playsDropped: number;
	readonly datagramsDropped: number;
	/** UDP packets that the kernel would not take, and that belonged to no connection. */
	readonly packetsUnsent: number;
	readonly packetsStray: number;
	/** Bytes and packets through all sockets. */
	readonly bytesSent: number;
	readonly bytesReceived: number;
	readonly packetsSent: number;
	readonly packetsReceived: number;
	/** Tapes held in native memory, and their bytes. */
	readonly tapes: number;
	readonly tapeBytes: number;
}

/** The native engine. One per process is enough; several do not disturb each other. */
export class Engine implements Disposable {
	/** The engine, or why there is none. Never throws. */
	static load(_options: EngineOptions = {}): Engine | EngineMissing {
		return { missing: "the engine is not built: run npm run build, which needs cargo" };
	}

	/** Bind a port. Rejects with an Error whose message is one line: port in use, bad certificate and the like. */
	async listen(_options: ListenOptions, _sink: EndpointSink): Promise<Endpoint> {
		throw new Error("the engine is not built");
	}

	/**
	 * Make a connection. It is usable when the promise settles; give it its sink in the same turn.
	 * @throws ConnectError
	 */
	async connect(_options: ConnectOptions): Promise<Connection> {
		throw new ConnectError("engine", "the engine is not built");
	}

	/** Totals since the start. */
	stats(): EngineStats {
		throw new Error("the engine is not built");
	}

	/** Close every connection with code 0 and stop the threads; waits until the closes are sent, a few milliseconds. */
	close(): void {}

	[Symbol.dispose](): void {
		this.close();
	}
}
