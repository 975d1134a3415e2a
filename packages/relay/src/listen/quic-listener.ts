/**
 * QUIC and WebTransport: who comes in through the engine, in which protocol, and with which grant.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import type { Certificate, Endpoint, Engine, Incoming, TransportOptions } from "@moq-relay/engine";
import { Code, type LiteVersion, pickWebTransportProtocol, protocolsOf } from "@moq-relay/wire";
import type { AdmissionLimit } from "../admission/admission.ts";
import type { AuthRequest } from "../auth/authoriser.ts";
import { parseTarget } from "../auth/target.ts";
import type { QuicConfig } from "../config/quic.ts";
import { PortError } from "./address.ts";
import type { Gate } from "./gate.ts";
import { MTU_DISCOVERY_BYTES_MAX } from "./limits.ts";

/** How to listen. */
export interface QuicListenOptions {
	readonly engine: Engine;
	readonly host: string;
	readonly port: number;
	readonly certificates: readonly Certificate[];
	readonly versions: readonly LiteVersion[];
	readonly transport: TransportOptions;
	/** PEM roots of client certificates, if those are asked for. */
	readonly clientRoots: string | undefined;
	/** What stateless resets are made with; random if undefined. */
	readonly resetSecret: Uint8Array | undefined;
	/** 0 leaves the bound to the engine. */
	readonly handshakesPendingMax: number;
	readonly handshakeTimeoutMs: number;
	readonly gate: Gate;
	/** Something threw. */
	readonly onFault: (error: unknown) => void;
}

/** Bind one UDP address. @throws PortError when it cannot be had. */
export async function listenQuic(options: QuicListenOptions): Promise<Endpoint> {
	const { engine, host, port, certificates, versions, transport } = options;
	try {
		return await engine.listen(
			{
				host,
				port,
				certificates,
				protocols: protocolsOf(versions),
				transport,
				...(options.clientRoots !== undefined && { clientRoots: options.clientRoots }),
				...(options.resetSecret !== undefined && { resetSecret: options.resetSecret }),
				...(options.handshakesPendingMax > 0 && { handshakesPendingMax: options.handshakesPendingMax }),
				...(options.handshakeTimeoutMs > 0 && { handshakeTimeoutMs: options.handshakeTimeoutMs }),
			},
			{ onIncoming: (incoming) => enter(incoming, options) },
		);
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		throw new PortError({ protocol: "UDP", host, port }, { code: codeIn(message), message });
	}
}

/** The engine's settings for connections that others open. */
export function quicTransport(config: QuicConfig): TransportOptions {
	return {
		bidiStreamsMax: config.maxStreams,
		uniStreamsMax: config.maxStreams,
		idleTimeoutMs: config.idleTimeoutMs,
		keepAliveMs: config.keepAliveMs,
		...(!config.gso && { segmentsMax: 1 }),
		...(config.mtuDiscovery && { mtuDiscoveryBytesMax: MTU_DISCOVERY_BYTES_MAX }),
		...(config.congestionControl !== undefined && { congestionControl: CONGESTION[config.congestionControl] }),
	};
}

const CONGESTION = { cubic: "cubic", loss: "cubic", bbr: "bbr", delay: "bbr" } as const;

/** One peer's fault is its own. */
function enter(incoming: Incoming, options: QuicListenOptions): void {
	try {
		if (incoming.info.transport === "quic") enterRaw(incoming, options);
		else enterWebTransport(incoming, options);
	} catch (error) {
		options.onFault(error);
		incoming.reject(500);
	}
}

/** The path comes in SETUP, so there is nothing to judge yet but how many there are. */
function enterRaw(incoming: Incoming, { gate }: QuicListenOptions): void {
	const place = gate.enter(incoming.info.remote);
	if (typeof place === "string") {
		incoming.close(CODE_OF_LIMIT[place] ?? Code.BoundsExceeded, REASON_OF_LIMIT[place] ?? TOO_MANY);
		return;
	}
	gate.serve(incoming.accept(incoming.info.alpn), place, undefined);
}

function enterWebTransport(incoming: Incoming, { gate, versions, onFault }: QuicListenOptions): void {
	const { info } = incoming;
	const place = gate.enter(info.remote);
	if (typeof place === "string") {
		const code = place === "not_allowed" ? Code.Unauthorized : Code.BoundsExceeded;
		turnAway(incoming, { httpStatus: gate.statusOf(place), code, message: REASON_OF_LIMIT[place] ?? TOO_MANY });
		return;
	}
	const { path, jwt, register } = parseTarget(info.path);
	const request: AuthRequest = {
		path,
		jwt,
		register,
		authorization: info.authorization,
		transport: info.transport,
		remote: info.remote,
		peerCertificate: info.peerCertificate,
		peerIdentity: info.peerIdentity,
		door: gate.door,
	};
	void gate.judge(request).then((outcome) => {
		if (!outcome.ok) {
			place.release();
			turnAway(incoming, outcome.rejection);
			return;
		}
		try {
			const connection: Connection = incoming.accept(pickWebTransportProtocol(info.protocols, versions));
			gate.serve(connection, place, { grant: outcome.grant, request });
		} catch (error) {
			place.release();
			onFault(error);
		}
	});
}

/** Old clients understand a status, new ones only a session that closes with a code. */
function turnAway(
	incoming: Incoming,
	rejection: { readonly httpStatus: number; readonly code: number; readonly message: string },
): void {
	if (incoming.info.protocols.length === 0) incoming.reject(rejection.httpStatus);
	else incoming.close(rejection.code, rejection.message);
}

const TOO_MANY = "too many sessions";
const REASON_OF_LIMIT: Readonly<Partial<Record<AdmissionLimit, string>>> = { not_allowed: "not from this address" };
const CODE_OF_LIMIT: Readonly<Partial<Record<AdmissionLimit, number>>> = {
	draining: Code.Closed,
	not_allowed: Code.Unauthorized,
};

/** The engine speaks in sentences; which of them is about the port in use it says with the system's name. */
function codeIn(message: string): string {
	return /\bE[A-Z]{4,}\b/.exec(message)?.[0] ?? (/in use/i.test(message) ? "EADDRINUSE" : "");
}
