/**
 * A client and a server of core's WebSocket state machine, joined in memory.
 * @module
 */
import { type MessagePipe, MuxConnection, TurnQueue } from "@moq-relay/core";
import type { MuxFraming } from "@moq-relay/wire";
import type { VirtualClock } from "../virtual-clock.ts";
import { PipeEnd } from "./pipe-end.ts";

/** How the pair behaves. */
export interface MuxPairOptions {
	readonly clock: VirtualClock;
	readonly framing: MuxFraming;
	/** Each message takes up to so long, in ms; default 1. */
	readonly delayMs?: number;
	/** Default: what core has. */
	readonly streamsMax?: number;
}

/** Two connections and the pipes that each sends into; `accept` is due on both before the turn ends. */
export interface MuxPair {
	readonly client: MuxConnection;
	readonly server: MuxConnection;
	readonly toServer: PipeEnd;
	readonly toClient: PipeEnd;
}

/** A connection that is there at once, as both ends see it. */
export function muxPair({ clock, framing, delayMs = 1, streamsMax }: MuxPairOptions): MuxPair {
	const pipe = (name: string): PipeEnd => new PipeEnd({ clock, delayMs, random: clock.seeded.fork(`pipe ${name}`) });
	const turns = new TurnQueue(clock);
	const end = (to: MessagePipe, server: boolean): MuxConnection =>
		new MuxConnection(to, {
			framing,
			clock,
			turns,
			info: { ...INFO, server },
			...(streamsMax === undefined ? {} : { streamsMax }),
		});
	const [toServer, toClient] = [pipe("to server"), pipe("to client")];
	const client = end(toServer, false);
	const server = end(toClient, true);
	toServer.join({ own: client, peer: server, other: toClient });
	toClient.join({ own: server, peer: client, other: toServer });
	return { client, server, toServer, toClient };
}

const INFO = {
	transport: "websocket",
	protocol: "moq-lite-05",
	remote: "",
	path: "/",
	host: undefined,
	peerCertificate: undefined,
} as const;
