/**
 * Our state machine on real WebSockets, as plain as can be.
 * @module
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { systemClock } from "@moq-relay/client";
import { type ConnectionSink, type MessagePipe, MuxConnection } from "@moq-relay/core";
import type { MuxFraming } from "@moq-relay/wire";
import { WebSocket, WebSocketServer } from "ws";

/** A server that hands each WebSocket to `onSocket`, having chosen the subprotocol of one framing. */
export class SocketServer {
	readonly #server: WebSocketServer;

	private constructor(server: WebSocketServer) {
		this.#server = server;
	}

	/** Listens on a free port of the loopback. */
	static async start(framing: MuxFraming, onSocket: (socket: WebSocket) => void): Promise<SocketServer> {
		const wanted = subprotocolOf(framing);
		const server = new WebSocketServer({
			host: "127.0.0.1",
			port: 0,
			handleProtocols: (offered) => (offered.has(wanted) ? wanted : false),
		});
		server.on("connection", onSocket);
		await once(server, "listening");
		return new SocketServer(server);
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
	}

	async close(): Promise<void> {
		for (const socket of this.#server.clients) socket.terminate();
		const closed = once(this.#server, "close");
		this.#server.close();
		await closed;
	}
}

/** Dial with the subprotocol of a framing; `onOpen` is called in the turn in which the socket opens, before any message. */
export async function dial<T>(url: string, framing: MuxFraming, onOpen: (socket: WebSocket) => T): Promise<T> {
	const socket = new WebSocket(url.replace("http:", "ws:"), subprotocolOf(framing));
	return new Promise((resolve, reject) => {
		socket.once("error", reject);
		socket.once("open", () => resolve(onOpen(socket)));
	});
}

/** Our connection on a WebSocket, from the moment it is open. */
export function muxOn(
	socket: WebSocket,
	role: { framing: MuxFraming; server: boolean; sink: ConnectionSink },
): MuxConnection {
	let connection: MuxConnection | undefined;
	const pipe: MessagePipe = {
		send: (parts) => socket.send(Buffer.concat(parts), () => connection?.drained()),
		bufferedBytes: () => socket.bufferedAmount,
		close: (code, reason) => socket.close(code, reason),
		pause: (paused) => (paused ? socket.pause() : socket.resume()),
	};
	const { framing, server, sink } = role;
	connection = new MuxConnection(pipe, { framing, clock: systemClock, info: { ...INFO, server } });
	connection.accept(sink);
	socket.on("message", (data: Buffer, isBinary: boolean) => {
		if (isBinary) connection.receive(data);
		else connection.refuse(1003, "binary messages only");
	});
	socket.on("close", (code: number, reason: Buffer) => connection.pipeClosed(code, reason.toString()));
	return connection;
}

function subprotocolOf(framing: MuxFraming): string {
	return framing === "webtransport" ? framing : `${framing}.test`;
}

const INFO = {
	transport: "websocket",
	protocol: "test",
	remote: "",
	path: "/",
	host: undefined,
	peerCertificate: undefined,
} as const;
