/**
 * A relay made of `@moq/net`'s own server role: proves the drivers where our relay is not what is tested.
 * Publishers connect to `/publish`, viewers to any other path.
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket as ServerSocket, WebSocketServer } from "ws";
import { TRACKS } from "./content.ts";
import {
	LATENCY_MS,
	loadNet,
	type NetBroadcast,
	type NetConnection,
	type NetConsumer,
	type NetGroupConsumer,
	type NetGroupProducer,
	type NetModule,
	type NetSubscriber,
	type NetTrackProducer,
	SUBSCRIPTION,
	whenUsed,
} from "./peer-current.ts";
import { peerModule } from "./peer-module.ts";
import { quietConsole } from "./quiet-console.ts";

/** A relay that listens. */
export interface StandInRelay {
	readonly url: string;
	close(): void;
}

interface QmuxModule {
	readonly default: { accept(socket: ServerSocket): { readonly ready: Promise<void> } };
	selectSubprotocol(offered: string[], options: object): string | undefined;
}

/** Listen on a free port of the loopback. */
export async function startStandIn(): Promise<StandInRelay> {
	quietConsole();
	const net = await loadNet("@moq/net");
	const qmux = (await import(peerModule("@moq/qmux"))) as QmuxModule;
	const room = new Room(net);
	const server = createServer();
	const sockets = new WebSocketServer({
		server,
		handleProtocols: (offered) => qmux.selectSubprotocol([...offered], SELECTION) ?? false,
	});
	sockets.on("connection", (socket: ServerSocket, request: IncomingMessage) => {
		// However a session ends is its client's affair.
		room.enter(qmux.default.accept(socket), new URL(request.url ?? "/", "http://stand-in")).catch(() => {});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => {
			for (const socket of sockets.clients) socket.terminate();
			server.close();
		},
	};
}

/** Everybody who is connected. */
class Room {
	readonly #net: NetModule;
	readonly #viewers = new Set<NetConnection>();
	readonly #broadcasts = new Map<string, NetBroadcast>();

	constructor(net: NetModule) {
		this.#net = net;
	}

	async enter(session: { readonly ready: Promise<void> }, url: URL): Promise<void> {
		await session.ready;
		const connection = await this.#net.Connection.accept(session, url);
		connection.closed.catch(() => {});
		if (url.pathname === "/publish") await this.#hear(connection);
		else this.#serve(connection);
	}

	async #hear(connection: NetConnection): Promise<void> {
		const events = connection.announced();
		for (let event = await events.next(); event !== undefined; event = await events.next()) {
			if (!event.active || this.#broadcasts.has(event.path)) continue;
			const broadcast = forward(this.#net, connection.consume(event.path));
			this.#broadcasts.set(event.path, broadcast);
			for (const viewer of this.#viewers) viewer.publish(event.path, broadcast);
		}
	}

	#serve(connection: NetConnection): void {
		this.#viewers.add(connection);
		for (const [path, broadcast] of this.#broadcasts) connection.publish(path, broadcast);
	}
}

/** A broadcast with the same tracks, each subscribed to while somebody watches. */
function forward(net: NetModule, upstream: NetConsumer): NetBroadcast {
	const broadcast = new net.Broadcast.Producer();
	for (const name of TRACKS) {
		const track = broadcast.createTrack(name, { latencyMax: LATENCY_MS });
		void whenUsed(track).then(() => pump(net, upstream.subscribe(name, SUBSCRIPTION), track));
	}
	return broadcast;
}

async function pump(net: NetModule, from: NetSubscriber, to: NetTrackProducer): Promise<void> {
	try {
		for (let group = await from.recvGroup(); group !== undefined; group = await from.recvGroup()) {
			const copy = new net.Group.Producer(group.sequence);
			to.writeGroup(copy);
			void pumpGroup(group, copy);
		}
		to.close();
	} catch (error) {
		to.close(asError(error));
	}
}

async function pumpGroup(from: NetGroupConsumer, to: NetGroupProducer): Promise<void> {
	try {
		for (let frame = await from.readFrame(); frame !== undefined; frame = await from.readFrame()) to.writeFrame(frame);
		to.close();
	} catch (error) {
		to.close(asError(error));
	}
}

function asError(error: unknown): Error {
	return error instanceof Error ? error : new Error(String(error));
}

const ALPNS = ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moql"];
const SELECTION = { protocols: ALPNS, versions: Object.fromEntries(ALPNS.map((alpn) => [alpn, null])) };
