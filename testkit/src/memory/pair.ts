/**
 * Connected in-memory connections.
 * @module
 */
import type { ConnectionInfo } from "@moq-relay/core";
import { MEMORY_DATAGRAM_BYTES, MEMORY_FRAME_BYTES, MEMORY_IDLE_MS, MEMORY_STREAMS_MAX } from "../limits.ts";
import { Network } from "../network/network.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { type EndpointOptions, MemoryEndpoint } from "./endpoint.ts";

/** How two in-memory ends behave; everything has a default. */
export interface MemoryOptions {
	/** Default: a network of its own, with 1 ms of latency and no faults. */
	readonly network?: Network;
	/** Names of the two nodes on the network; default "client" and "server". */
	readonly from?: string;
	readonly to?: string;
	/** Facts that both ends report; `protocol` defaults to "moq-lite-05". */
	readonly protocol?: string;
	/** Path and query as the server sees it; default undefined. */
	readonly path?: string;
	/** Server name as the server sees it; default undefined. */
	readonly host?: string;
	/** SHA-256 of the client's certificate as the server sees it; default undefined. */
	readonly peerCertificate?: string;
	/** 0 for no datagrams; default `MEMORY_DATAGRAM_BYTES`. */
	readonly datagramBytesMax?: number;
	/** Default `MEMORY_STREAMS_MAX`. */
	readonly streamsMax?: number;
	/** Up to so long a command or an event takes, in ms; default 0, which is still a turn of its own. */
	readonly delayMs?: number;
	/** Default `MEMORY_FRAME_BYTES`. */
	readonly frameBytes?: number;
	/** Cut data frames at random sizes; default false. */
	readonly randomCuts?: boolean;
	/** Default `MEMORY_IDLE_MS`. */
	readonly idleMs?: number;
}

/** Two connected ends; `accept` is due on both before the turn ends. */
export interface MemoryPair {
	readonly client: MemoryEndpoint;
	readonly server: MemoryEndpoint;
}

/** A connection that is there at once, as both ends see it. */
export function memoryPair(clock: VirtualClock, options: MemoryOptions = {}): MemoryPair {
	const network = options.network ?? new Network(clock);
	const [from, to] = [options.from ?? "client", options.to ?? "server"];
	const shared = {
		clock,
		streamsMax: options.streamsMax ?? MEMORY_STREAMS_MAX,
		delayMs: options.delayMs ?? 0,
		frameBytes: options.frameBytes ?? MEMORY_FRAME_BYTES,
		randomCuts: options.randomCuts ?? false,
		idleMs: options.idleMs ?? MEMORY_IDLE_MS,
	};
	const end = (specific: Pick<EndpointOptions, "info" | "route">): MemoryEndpoint =>
		new MemoryEndpoint({ ...shared, ...specific, random: clock.seeded.fork(`${from} ${to} ${specific.info.server}`) });
	const client = end({ info: info(options, { server: false, remote: to }), route: network.route(from, to) });
	const server = end({ info: info(options, { server: true, remote: from }), route: network.route(to, from) });
	client.join(server);
	server.join(client);
	network.onCrash(from, () => client.crash());
	network.onCrash(to, () => server.crash());
	return { client, server };
}

function info(options: MemoryOptions, side: Pick<ConnectionInfo, "server" | "remote">): ConnectionInfo {
	return {
		transport: "memory",
		protocol: options.protocol ?? "moq-lite-05",
		path: options.path,
		host: options.host,
		datagramBytesMax: options.datagramBytesMax ?? MEMORY_DATAGRAM_BYTES,
		peerCertificate: side.server ? options.peerCertificate : undefined,
		...side,
	};
}
