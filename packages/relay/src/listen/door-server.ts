/**
 * One TCP address in one worker: sockets come in, and leave as HTTP requests and WebSocket upgrades.
 * @module
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer, type ServerOptions } from "node:https";
import { createServer, type Socket, type Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { type CertificateFacts, describeCertificate } from "@moq-relay/engine";
import { formatRemote } from "../admission/address-key.ts";
import type { Door, Pair, TurnedAway, WebRequest } from "./doorway.ts";
import { sortByFirstByte } from "./first-byte.ts";
import * as limits from "./limits.ts";
import { TlsContexts } from "./tls-contexts.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What a door lets through. */
export interface DoorSink {
	onRequest(request: WebRequest, response: ServerResponse): void;
	/** `head` is what came behind the request's head. */
	onUpgrade(request: WebRequest, upgrade: { message: IncomingMessage; socket: Duplex; head: Buffer }): void;
	onTurnedAway(why: TurnedAway): void;
	onFault(error: unknown): void;
}

/** How long a peer may take, in ms. */
export interface DoorTimes {
	readonly firstByteMs: number;
	readonly tlsHandshakeMs: number;
	/** For the head of a request, from the moment it may begin. */
	readonly headersMs: number;
	readonly requestMs: number;
	/** Between two requests. */
	readonly keepAliveMs: number;
	/** How often the three above are looked at. */
	readonly checkMs: number;
}

/** What a door needs besides its address. */
export interface DoorOptions {
	/** The identities, where the door takes TLS. */
	readonly pairs: readonly Pair[] | undefined;
	readonly sink: DoorSink;
	/** Default: those of `limits.ts`. */
	readonly times?: DoorTimes;
}

/** A listening address. */
export class DoorServer {
	readonly #door: Door;
	readonly #sink: DoorSink;
	readonly #times: DoorTimes;
	readonly #tcp: TcpServer;
	readonly #http: Server;
	readonly #https: HttpsServer | undefined;
	#contexts: TlsContexts | undefined;
	readonly #waiting = new WaitingRoom(ROOM);
	/** How to leave the waiting room, by remote address and port: HTTP over TLS has another socket than TCP. */
	readonly #places = new Map<string, () => void>();

	constructor(door: Door, { pairs, sink, times = TIMES }: DoorOptions) {
		this.#door = door;
		this.#sink = sink;
		this.#times = times;
		this.#http = createHttpServer(httpOptions(times));
		this.#serve(this.#http, false);
		if (pairs !== undefined) {
			this.#https = createHttpsServer(this.#tlsOptions());
			this.#serve(this.#https, true);
			this.identify(pairs);
		}
		this.#tcp = createServer({ noDelay: true }, (socket) => this.#enter(socket));
	}

	/** Show these identities from now on; standing connections keep theirs. @throws when a pair is bad. */
	identify(pairs: readonly Pair[]): void {
		const contexts = new TlsContexts(pairs, this.#door.clientRoots);
		const ca = this.#door.clientRoots === undefined ? {} : { ca: this.#door.clientRoots };
		const { chain: cert, key } = contexts.first;
		this.#https?.setSecureContext({ cert, key, minVersion: "TLSv1.3", ...ca });
		this.#contexts = contexts;
	}

	/** Bind. Resolves with the port. Rejects with the system's error. */
	listen(port: number): Promise<number> {
		return new Promise((resolve, reject) => {
			this.#tcp.once("error", reject);
			const { host } = this.#door;
			this.#tcp.listen({ host, port, reusePort: true, backlog: limits.BACKLOG }, () => {
				this.#tcp.off("error", reject);
				this.#tcp.on("error", (error) => this.#sink.onFault(error));
				const address = this.#tcp.address();
				resolve(address !== null && typeof address === "object" ? address.port : port);
			});
		});
	}

	/** Take no new sockets; idle ones are closed, busy ones finish. */
	stop(): void {
		this.#tcp.close();
		this.#http.closeIdleConnections();
		this.#https?.closeIdleConnections();
	}

	#serve(server: Server | HttpsServer, secure: boolean): void {
		server.keepAliveTimeout = this.#times.keepAliveMs;
		server.maxRequestsPerSocket = limits.HTTP_REQUESTS_PER_SOCKET_MAX;
		server.maxHeadersCount = limits.HTTP_HEADERS_MAX;
		server.on("request", (message: IncomingMessage, response: ServerResponse) => {
			this.#guard(message.socket, () => this.#request(message, response, secure));
		});
		server.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
			this.#guard(socket, () => this.#upgrade(message, { message, socket, head }, secure));
		});
		server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => this.#clientError(error, socket));
		// Sockets are handed in one by one; this is what starts the server's check of its time limits.
		server.emit("listening");
	}

	#enter(socket: Socket): void {
		const remote = remoteOf(socket);
		const leave = this.#waiting.enter(remote);
		if (leave === undefined) {
			this.#sink.onTurnedAway("busy");
			socket.destroy();
			return;
		}
		this.#places.set(remote, leave);
		socket.on("close", () => {
			leave();
			this.#places.delete(remote);
		});
		sortByFirstByte(socket, this.#times.firstByteMs, {
			onTls: (tls) => {
				if (this.#https !== undefined) this.#https.emit("connection", tls);
				else this.#drop(tls);
			},
			onHttp: (http) => {
				if (this.#door.plain !== "none") this.#http.emit("connection", http);
				else http.end(PLAIN_REFUSED, () => http.destroy());
			},
			onNothing: () => this.#sink.onTurnedAway("first-byte"),
		});
	}

	#drop(socket: Socket): void {
		this.#sink.onTurnedAway("tls");
		socket.destroy();
	}

	#request(message: IncomingMessage, response: ServerResponse, secure: boolean): void {
		// No request of ours has a body; whatever comes is thrown away within the time limit.
		message.resume();
		this.#sink.onRequest(this.#describe(message, { secure, upgrade: false }), response);
	}

	#upgrade(
		message: IncomingMessage,
		upgrade: { message: IncomingMessage; socket: Duplex; head: Buffer },
		secure: boolean,
	): void {
		upgrade.socket.on("error", () => {}); // "close" follows
		this.#places.get(remoteOf(message.socket))?.();
		this.#sink.onUpgrade(this.#describe(message, { secure, upgrade: true }), upgrade);
	}

	#describe(message: IncomingMessage, how: { secure: boolean; upgrade: boolean }): WebRequest {
		const { socket } = message;
		return {
			method: message.method ?? "",
			target: message.url ?? "/",
			remote: remoteOf(socket),
			secure: how.secure,
			restricted: !how.secure && this.#door.plain === "restricted",
			authorization: message.headers.authorization,
			...certificateOf(socket),
			door: this.#door.kind,
			upgrade: how.upgrade,
		};
	}

	/** Failed TLS handshakes come here too. */
	#clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
		const isHttp = /^(HPE_|ERR_HTTP)/.test(error.code ?? "");
		this.#sink.onTurnedAway(isHttp || !(socket instanceof TLSSocket) ? "http" : "tls");
		if (!isHttp || !socket.writable) {
			socket.destroy();
			return;
		}
		const status = STATUS_OF_ERROR[error.code ?? ""] ?? "400 Bad Request";
		socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
	}

	/** One request's fault ends its own socket. */
	#guard(socket: Duplex, run: () => void): void {
		try {
			run();
		} catch (error) {
			this.#sink.onFault(error);
			socket.destroy();
		}
	}

	#tlsOptions(): ServerOptions {
		const verify = this.#door.clientRoots === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
		return {
			...httpOptions(this.#times),
			...verify,
			minVersion: "TLSv1.3",
			ALPNProtocols: ["http/1.1"],
			handshakeTimeout: this.#times.tlsHandshakeMs,
			SNICallback: (name, done) => {
				try {
					done(null, this.#contexts?.pick(name));
				} catch (error) {
					// A throw here would end the process.
					done(error instanceof Error ? error : new Error(String(error)));
				}
			},
		};
	}
}

function remoteOf(socket: Socket): string {
	return formatRemote(socket.remoteAddress ?? "", socket.remotePort ?? 0);
}

/** One that leads to none of our roots is none. */
function certificateOf(socket: Socket): CertificateFacts {
	const verified = socket instanceof TLSSocket && socket.authorized;
	return describeCertificate(verified ? socket.getPeerX509Certificate() : undefined);
}

function httpOptions(times: DoorTimes): ServerOptions {
	return {
		headersTimeout: times.headersMs,
		requestTimeout: times.requestMs,
		maxHeaderSize: limits.HTTP_HEADER_BYTES_MAX,
		connectionsCheckingInterval: times.checkMs,
		noDelay: true,
	};
}

const ROOM = { total: limits.SOCKETS_WAITING_MAX, perAddress: limits.SOCKETS_WAITING_PER_ADDRESS_MAX };
const TIMES: DoorTimes = {
	firstByteMs: limits.FIRST_BYTE_MS,
	tlsHandshakeMs: limits.TLS_HANDSHAKE_MS,
	headersMs: limits.HTTP_HEADERS_MS,
	requestMs: limits.HTTP_REQUEST_MS,
	keepAliveMs: limits.HTTP_KEEP_ALIVE_MS,
	checkMs: limits.HTTP_CHECK_MS,
};
const STATUS_OF_ERROR: Readonly<Record<string, string>> = {
	HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
	ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
const PLAIN_REFUSED =
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 22\r\n\r\nthis port speaks HTTPS";
