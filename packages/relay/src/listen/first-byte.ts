/**
 * One TCP port for TLS and plain HTTP: the first byte decides.
 * @module
 */
import type { Socket } from "node:net";

/** What a socket turned out to be. */
export interface FirstByteSink {
	onTls(socket: Socket): void;
	onHttp(socket: Socket): void;
	/** Nothing came in time, or the peer left; the socket is destroyed. */
	onNothing(): void;
}

/** Wait for the first byte of a socket, `timeoutMs` at most, put it back, and hand the socket on. */
export function sortByFirstByte(socket: Socket, timeoutMs: number, sink: FirstByteSink): void {
	const giveUp = (): void => {
		clearTimeout(timer);
		socket.destroy();
		sink.onNothing();
	};
	const timer = setTimeout(giveUp, timeoutMs);
	const look = (): void => {
		const byte = socket.read(1) as Buffer | null;
		if (byte === null) return;
		clearTimeout(timer);
		socket.off("readable", look);
		socket.off("close", giveUp);
		socket.unshift(byte);
		if (byte[0] === TLS_HANDSHAKE) sink.onTls(socket);
		else sink.onHttp(socket);
	};
	// A reset before or after: whoever owns the socket then hears of it through "close".
	socket.on("error", () => {});
	socket.on("close", giveUp);
	socket.on("readable", look);
}

/** Content type of a TLS record that holds a handshake message; no HTTP method begins with it. */
const TLS_HANDSHAKE = 0x16;
