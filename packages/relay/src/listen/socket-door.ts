/**
 * WebSocket upgrades in a worker: choose the framing, ask main, and hand the connection to the bridge.
 * @module
 */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, MuxConnection, type MuxOptions, type TurnQueue } from "@moq-relay/core";
import { type LiteVersion, parseSubprotocols, pickWebSocketProtocol, type WebSocketProtocol } from "@moq-relay/wire";
import { type WebSocket, WebSocketServer } from "ws";
import type { WorkerEnd } from "../bridge/worker-end.ts";
import type { TurnedAway, WebRequest } from "./doorway.ts";
import {
	FRAME_READS_MAX,
	MESSAGE_BYTES_MAX,
	MESSAGE_FRAGMENTS_MAX,
	WEBSOCKET_CLOSE_MS,
	WEBSOCKET_PING_MS,
	WEBSOCKET_SILENCE_MS,
} from "./limits.ts";
import type { Questions } from "./questions.ts";
import { SocketPipe } from "./socket-pipe.ts";

/** What the upgrades of a worker share. */
export interface SocketDoorOptions {
	readonly versions: readonly LiteVersion[];
	readonly questions: Questions;
	readonly bridge: WorkerEnd;
	readonly clock: Clock;
	readonly turns: TurnQueue;
	onTurnedAway(why: TurnedAway): void;
	onFault(error: unknown): void;
}

/** An upgrade as `node:http` hands it over. */
export interface Upgrade {
	readonly message: IncomingMessage;
	readonly socket: Duplex;
	readonly head: Buffer;
}

interface Live {
	readonly webSocket: WebSocket;
	heardMs: number;
}

/** All WebSockets of one worker. */
export class SocketDoor {
	readonly #options: SocketDoorOptions;
	readonly #live = new Set<Live>();
	readonly #server: WebSocketServer;
	readonly #chosen = new WeakMap<IncomingMessage, WebSocketProtocol>();
	#paused = false;

	constructor(options: SocketDoorOptions) {
		this.#options = options;
		this.#server = new WebSocketServer({
			noServer: true,
			clientTracking: false,
			perMessageDeflate: false,
			maxPayload: MESSAGE_BYTES_MAX,
			...BOUNDS,
			// An empty answer means none; the offer was judged before.
			handleProtocols: (_offered, message) => this.#chosen.get(message)?.subprotocol ?? false,
		});
		setInterval(() => this.#ping(), WEBSOCKET_PING_MS).unref();
	}

	/** WebSockets that are open. */
	get size(): number {
		return this.#live.size;
	}

	/** Stop reading every WebSocket, or go on. */
	pause(paused: boolean): void {
		this.#paused = paused;
		for (const { webSocket } of this.#live) {
			if (paused) webSocket.pause();
			else webSocket.resume();
		}
	}

	/** Judge an upgrade, and ask main. */
	upgrade(request: WebRequest, upgrade: Upgrade): void {
		const offered = parseSubprotocols(upgrade.message.headers["sec-websocket-protocol"]);
		const protocol = pickWebSocketProtocol(offered, this.#options.versions);
		if (protocol === "unsupported") {
			this.#options.onTurnedAway("subprotocol");
			answer(upgrade.socket, 400, "none of the offered subprotocols is supported");
			return;
		}
		this.#chosen.set(upgrade.message, protocol);
		const asked = this.#options.questions.upgrade(request, {
			socket: upgrade.socket,
			admit: (ask) => this.#admit(ask, { request, upgrade, protocol }),
			refuse: (status, message) => answer(upgrade.socket, status, message),
		});
		if (asked) return;
		this.#options.onTurnedAway("busy");
		answer(upgrade.socket, 503, "too busy");
	}

	#admit(ask: number, accepted: Accepted): boolean {
		let opened = false;
		const { message, socket, head } = accepted.upgrade;
		this.#server.handleUpgrade(message, socket, head, (webSocket) => {
			opened = true;
			this.#open(ask, accepted, webSocket);
		});
		return opened;
	}

	#open(ask: number, accepted: Accepted, webSocket: WebSocket): void {
		const live: Live = { webSocket, heardMs: performance.now() };
		const { socket } = accepted.upgrade;
		const { clock, turns, bridge } = this.#options;
		const connection = new MuxConnection(new SocketPipe(webSocket, socket), {
			info: infoOf(accepted),
			framing: framingOf(accepted.protocol),
			clock,
			turns,
		});
		const guard = (run: () => void): void => this.#guard(webSocket, run);
		this.#live.add(live);
		if (this.#paused) webSocket.pause();
		webSocket.on("message", (data: Buffer, isBinary: boolean) => {
			live.heardMs = performance.now();
			// No Buffer: its `slice` does not copy, as everybody above expects of bytes.
			const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
			guard(() => (isBinary ? connection.receive(bytes) : connection.refuse(TEXT_REFUSED, "binary messages only")));
		});
		const heard = (): void => {
			live.heardMs = performance.now();
			connection.heard();
		};
		webSocket.on("ping", heard);
		webSocket.on("pong", heard);
		webSocket.on("error", () => {}); // "close" follows, with the code
		webSocket.on("close", (code: number, reason: Buffer) => {
			this.#live.delete(live);
			guard(() => connection.pipeClosed(code, reason.toString()));
		});
		socket.on("drain", () => guard(() => connection.drained()));
		const refresh = bridge.add(connection, ask);
		// The first message says which datagrams the peer takes.
		webSocket.once("message", refresh);
	}

	/** What one connection throws ends that one only. */
	#guard(webSocket: WebSocket, run: () => void): void {
		try {
			run();
		} catch (error) {
			this.#options.onFault(error);
			webSocket.terminate();
		}
	}

	#ping(): void {
		const nowMs = performance.now();
		for (const { webSocket, heardMs } of this.#live) {
			// What we do not read, we do not hear either.
			if (nowMs - heardMs > WEBSOCKET_SILENCE_MS && !webSocket.isPaused) webSocket.terminate();
			else webSocket.ping();
		}
	}
}

interface Accepted {
	readonly request: WebRequest;
	readonly upgrade: Upgrade;
	readonly protocol: WebSocketProtocol;
}

function framingOf({ framing }: WebSocketProtocol): MuxOptions["framing"] {
	return framing === "legacy" ? "webtransport" : framing;
}

function infoOf({ request, upgrade, protocol }: Accepted): MuxOptions["info"] {
	return {
		transport: "websocket",
		server: true,
		protocol: protocol.protocol,
		remote: request.remote,
		path: request.target,
		host: upgrade.message.headers.host,
		peerCertificate: request.peerCertificate,
		peerIdentity: request.peerIdentity,
	};
}

/** An HTTP answer instead of an upgrade. */
function answer(socket: Duplex, status: number, message: string): void {
	const head = [
		`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
		"Connection: close",
		"Content-Type: text/plain; charset=utf-8",
		`Content-Length: ${Buffer.byteLength(message)}`,
		"Access-Control-Allow-Origin: *",
	];
	socket.end(`${head.join("\r\n")}\r\n\r\n${message}`, () => socket.destroy());
}

/** RFC 6455 §7.4.1: data of a kind that is not taken. */
const TEXT_REFUSED = 1003;
/** Options of `ws` that its types do not know yet. */
const BOUNDS = {
	maxFragments: MESSAGE_FRAGMENTS_MAX,
	maxBufferedChunks: FRAME_READS_MAX,
	closeTimeout: WEBSOCKET_CLOSE_MS,
};
