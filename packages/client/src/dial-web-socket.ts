/**
 * Dialling over WebSocket.
 * @module
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, getCACertificates, type TLSSocket } from "node:tls";
import type { Clock, Connection } from "@moq-relay/core";
import { type LiteVersion, parseSubprotocol, webSocketOffer } from "@moq-relay/wire";
import { WebSocket } from "ws";
import { DialError, isTimeout, statusError } from "./dial-error.ts";
import type { DialTls } from "./dial-options.ts";
import type { DialTarget } from "./dial-target.ts";
import { MESSAGE_BYTES_MAX } from "./limits.ts";
import { overWebSocket } from "./web-socket-pipe.ts";

/** What to dial. */
export interface WebSocketAttempt {
	readonly target: DialTarget;
	readonly secure: boolean;
	readonly tls: DialTls;
	readonly versions: readonly LiteVersion[];
	readonly authorization: string | undefined;
	readonly clock: Clock;
	readonly signal: AbortSignal;
	readonly timeoutMs: number;
	/** Silence after which it is dead, in ms; undefined takes the default. */
	readonly idleMs: number | undefined;
}

/** One WebSocket, upgraded. @throws DialError */
export async function dialWebSocket(attempt: WebSocketAttempt): Promise<Connection> {
	const socket = attempt.secure ? await openTls(attempt) : await openTcp(attempt);
	return upgrade(attempt, socket);
}

function upgrade(attempt: WebSocketAttempt, socket: Socket): Promise<Connection> {
	const { target, secure, versions, authorization, signal } = attempt;
	const host = target.host.includes(":") ? `[${target.host}]` : target.host;
	const url = `${secure ? "wss" : "ws"}://${host}:${target.port}${target.path}`;
	return new Promise((resolve, reject) => {
		const webSocket = new WebSocket(url, [...webSocketOffer(versions)], {
			createConnection: () => socket,
			perMessageDeflate: false,
			maxPayload: MESSAGE_BYTES_MAX,
			...(authorization !== undefined && { headers: { authorization: `Bearer ${authorization}` } }),
		});
		const abort = (): void => {
			reject(abortError(attempt));
			webSocket.terminate();
		};
		const done = (): void => signal.removeEventListener("abort", abort);
		signal.addEventListener("abort", abort);
		webSocket.once("open", () => {
			done();
			webSocket.removeAllListeners();
			const connection = begin(attempt, webSocket);
			if (connection !== undefined) resolve(connection);
			else reject(new DialError("protocol", `${target.shown} chose a subprotocol that was not offered`));
		});
		webSocket.once("unexpected-response", (_request, response) => {
			done();
			response.resume();
			webSocket.terminate();
			reject(statusError(target.shown, response.statusCode ?? 0));
		});
		webSocket.once("error", (error) => {
			done();
			reject(translate(error, attempt));
		});
		if (signal.aborted) abort();
	});
}

function begin({ target, clock, idleMs }: WebSocketAttempt, webSocket: WebSocket): Connection | undefined {
	const chosen = parseSubprotocol(webSocket.protocol);
	if (chosen === undefined) {
		webSocket.terminate();
		return undefined;
	}
	return overWebSocket(webSocket, {
		framing: chosen.framing === "legacy" ? "webtransport" : chosen.framing,
		clock,
		...(idleMs !== undefined && { idleMs }),
		info: {
			transport: "websocket",
			server: false,
			protocol: chosen.protocol,
			remote: target.shown.replace(/^[a-z]+:\/\//, ""),
			path: target.path,
			host: target.host,
			peerCertificate: undefined,
		},
	});
}

function openTcp(attempt: WebSocketAttempt): Promise<Socket> {
	const { host, port } = attempt.target;
	const socket = connectTcp({ host, port, autoSelectFamily: true, noDelay: true });
	return opened(attempt, { socket, event: "connect" });
}

async function openTls(attempt: WebSocketAttempt): Promise<Socket> {
	const { target, tls } = attempt;
	const { roots = [], systemRoots = roots.length === 0, fingerprints = [], disableVerify = false } = tls;
	const pinned = fingerprints.length > 0;
	const own = tls.certificate && { cert: tls.certificate.chain, key: tls.certificate.key };
	const system = systemRoots ? [...getCACertificates("default"), ...getCACertificates("system")] : [];
	const socket = connectTls({
		socket: await openTcp(attempt),
		host: target.host,
		...own,
		ca: [...roots, ...system],
		ALPNProtocols: ["http/1.1"],
		// A pin is checked below, before anything is sent.
		rejectUnauthorized: !disableVerify && !pinned,
		...(isIP(target.host) === 0 && { servername: target.host }),
	});
	await opened(attempt, { socket, event: "secureConnect" });
	if (pinned && !disableVerify && !isPinned(socket, fingerprints)) {
		socket.destroy();
		throw new DialError("certificate", `the certificate of ${target.host} is not the one that is pinned`);
	}
	return socket;
}

function isPinned(socket: TLSSocket, fingerprints: readonly string[]): boolean {
	const { fingerprint256 } = socket.getPeerCertificate();
	if (typeof fingerprint256 !== "string") return false;
	const shown = plain(fingerprint256);
	return fingerprints.some((fingerprint) => plain(fingerprint) === shown);
}

function plain(fingerprint: string): string {
	return fingerprint.replaceAll(":", "").toLowerCase();
}

function opened<S extends Socket>(
	attempt: WebSocketAttempt,
	{ socket, event }: { socket: S; event: string },
): Promise<S> {
	const { signal } = attempt;
	return new Promise((resolve, reject) => {
		const done = (): void => {
			signal.removeEventListener("abort", abort);
			socket.off(event, open);
			socket.off("error", fail);
		};
		const open = (): void => {
			done();
			resolve(socket);
		};
		const fail = (error: Error): void => {
			done();
			reject(translate(error, attempt));
		};
		const abort = (): void => {
			done();
			socket.on("error", () => {}); // given up: nobody is interested any more
			socket.destroy();
			reject(abortError(attempt));
		};
		socket.once(event, open);
		socket.once("error", fail);
		signal.addEventListener("abort", abort);
		if (signal.aborted) abort();
	});
}

function abortError({ signal, target, timeoutMs }: WebSocketAttempt): DialError {
	if (!isTimeout(signal)) return new DialError("aborted", "dialling was given up");
	return new DialError("timeout", `${target.shown} did not answer over TCP within ${timeoutMs / 1000} s`);
}

/** The one place where Node's failures become ours. */
function translate(error: Error, { target: { shown, host } }: WebSocketAttempt): DialError {
	const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : error;
	const code = first !== undefined && "code" in first ? String(first.code) : "";
	const cause = { cause: error };
	const unreachable = UNREACHABLE[code];
	if (unreachable !== undefined) return new DialError("unreachable", `${shown} ${unreachable}`, cause);
	if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
		return new DialError("unreachable", `the name ${host} is unknown`, cause);
	}
	if (code.startsWith("ERR_TLS_CERT") || /CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
		return new DialError("certificate", `the certificate of ${host} was not accepted: ${error.message}`, cause);
	}
	return new DialError("protocol", `${shown} does not answer as a relay: ${error.message}`, cause);
}

const UNREACHABLE: Readonly<Record<string, string>> = {
	ECONNREFUSED: "refuses connections: nobody listens there",
	ECONNRESET: "reset the connection",
	EHOSTUNREACH: "cannot be reached: there is no route",
	ENETUNREACH: "cannot be reached: there is no route",
	ETIMEDOUT: "did not answer",
	EPIPE: "closed the connection",
};
