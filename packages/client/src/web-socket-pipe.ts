/**
 * A WebSocket of a client as the pipe of a multiplexed connection.
 * @module
 */
import { type Clock, type MessagePipe, MuxConnection, type MuxOptions } from "@moq-relay/core";
import { WebSocket } from "ws";
import { PING_MS, SILENCE_MS } from "./limits.ts";

/** A connection over an open WebSocket, which it takes over. */
export function overWebSocket(webSocket: WebSocket, options: MuxOptions): MuxConnection {
	const pipe = new ClientPipe(webSocket);
	const connection = new MuxConnection(pipe, options);
	pipe.onDrain = () => connection.drained();
	let heardMs = options.clock.nowMs();
	const heard = (): void => {
		heardMs = options.clock.nowMs();
		connection.heard();
	};
	const { idleMs: silenceMs = SILENCE_MS } = options;
	let askedMs = heardMs;
	const stopPings = every(Math.min(PING_MS, silenceMs / PINGS), options.clock, () => {
		// Who was held up itself has not listened either.
		const wasHeldUp = options.clock.nowMs() - askedMs > silenceMs / 2;
		askedMs = options.clock.nowMs();
		if (askedMs - heardMs > silenceMs && !webSocket.isPaused && !wasHeldUp) webSocket.terminate();
		else if (webSocket.readyState === WebSocket.OPEN) webSocket.ping();
	});
	webSocket.on("message", (data: Buffer, isBinary: boolean) => {
		heard();
		if (isBinary) connection.receive(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
		else connection.refuse(TEXT_REFUSED, "binary messages only");
	});
	webSocket.on("ping", heard);
	webSocket.on("pong", heard);
	webSocket.on("error", () => {}); // "close" follows, with the code
	webSocket.on("close", (code: number, reason: Buffer) => {
		stopPings();
		connection.pipeClosed(code, reason.toString());
	});
	return connection;
}

class ClientPipe implements MessagePipe {
	readonly #webSocket: WebSocket;
	onDrain: () => void = () => {};

	constructor(webSocket: WebSocket) {
		this.#webSocket = webSocket;
	}

	send(parts: readonly Uint8Array[]): void {
		if (this.#webSocket.readyState !== WebSocket.OPEN) return;
		// A client masks what it sends, so it is copied anyway.
		const message = Buffer.concat(parts);
		this.#webSocket.send(message, { binary: true }, () => {
			if (this.#webSocket.readyState === WebSocket.OPEN) this.onDrain();
		});
	}

	bufferedBytes(): number {
		return this.#webSocket.bufferedAmount;
	}

	close(code: number, reason: string): void {
		this.#webSocket.close(code, reason);
	}

	pause(paused: boolean): void {
		if (paused) this.#webSocket.pause();
		else this.#webSocket.resume();
	}
}

function every(ms: number, clock: Clock, run: () => void): () => void {
	let cancel = (): void => {};
	const schedule = (): void => {
		cancel = clock.after(ms, () => {
			run();
			schedule();
		});
	};
	schedule();
	return () => cancel();
}

/** Pings in the time of silence that ends a WebSocket. */
const PINGS = 4;
/** RFC 6455 §7.4.1: data of a kind that is not taken. */
const TEXT_REFUSED = 1003;
