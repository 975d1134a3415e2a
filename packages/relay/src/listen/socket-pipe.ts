/**
 * A WebSocket of a server as the pipe of a multiplexed connection. What it sends goes straight into the socket, so that
 * bytes which many viewers share are copied by none: `ws` would want each message in one piece.
 * @module
 */
import type { Duplex } from "node:stream";
import type { MessagePipe } from "@moq-relay/core";
import type { WebSocket } from "ws";

/** Sends for one WebSocket; what it receives is wired up by whoever made it. */
export class SocketPipe implements MessagePipe {
	readonly #webSocket: WebSocket;
	readonly #socket: Duplex;
	#corked = false;

	/** `socket` is the one that `webSocket` was made on; no extension may be in use, and it must be the server's side. */
	constructor(webSocket: WebSocket, socket: Duplex) {
		this.#webSocket = webSocket;
		this.#socket = socket;
	}

	send(parts: readonly Uint8Array[]): void {
		if (this.#webSocket.readyState !== OPEN || !this.#socket.writable) return;
		this.#cork();
		let bytes = 0;
		for (const part of parts) bytes += part.byteLength;
		this.#socket.write(frameHeader(bytes));
		for (const part of parts) if (part.byteLength > 0) this.#socket.write(part);
	}

	bufferedBytes(): number {
		return this.#socket.writableLength;
	}

	close(code: number, reason: string): void {
		this.#webSocket.close(code, reason.slice(0, REASON_CHARACTERS_MAX));
	}

	pause(paused: boolean): void {
		if (paused) this.#webSocket.pause();
		else this.#webSocket.resume();
	}

	/** All that is sent in one turn goes to the kernel in one call. */
	#cork(): void {
		if (this.#corked) return;
		this.#corked = true;
		this.#socket.cork();
		process.nextTick(() => {
			this.#corked = false;
			this.#socket.uncork();
		});
	}
}

/** RFC 6455 §5.2: a final, unmasked binary frame. */
function frameHeader(bytes: number): Uint8Array {
	if (bytes < 126) return Uint8Array.of(FINAL_BINARY, bytes);
	if (bytes < 0x1_0000) return Uint8Array.of(FINAL_BINARY, 126, bytes >>> 8, bytes & 0xff);
	const header = Buffer.alloc(10);
	header[0] = FINAL_BINARY;
	header[1] = 127;
	header.writeBigUInt64BE(BigInt(bytes), 2);
	return header;
}

const FINAL_BINARY = 0x82;
const OPEN = 1;
/** A close frame has room for 123 bytes of reason; 41 characters fit whatever they are. */
const REASON_CHARACTERS_MAX = 41;
