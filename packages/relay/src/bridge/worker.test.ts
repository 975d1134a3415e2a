/** Multiplexed connections pass the compliance suite with one end in a real worker thread, behind the bridge. */
import { after } from "node:test";
import { MessageChannel, Worker } from "node:worker_threads";
import { systemClock } from "@moq-relay/client";
import type { Connection, MuxOptions } from "@moq-relay/core";
import { settleInRealTime, type TransportFactory, transportCompliance } from "@moq-relay/testkit";
import type { MuxWorkerOrder } from "../testing/mux-worker.ts";
import { overPort } from "../testing/port-pipe.ts";
import { MainEnd } from "./main-end.ts";

const { port1, port2 } = new MessageChannel();
const worker = new Worker(new URL("../testing/mux-worker.ts", import.meta.url), {
	workerData: port2,
	transferList: [port2],
	execArgv: ["--conditions=source"],
});
const arriving = new Map<number, (connection: Connection) => void>();
const main = new MainEnd(port1, () => performance.now(), {
	onConnection: (connection, ticket) => arriving.get(ticket)?.(connection),
	onFault: (error) => {
		throw error;
	},
});
let tickets = 0;
after(() => worker.terminate());

const STREAMS_MAX = 100;

function muxOptions(framing: MuxOptions["framing"], server: boolean): Omit<MuxOptions, "clock" | "turns"> {
	return {
		framing,
		streamsMax: STREAMS_MAX,
		info: {
			transport: "websocket",
			server,
			protocol: "moq-lite-05",
			remote: "192.0.2.1:1",
			path: "/demo",
			host: undefined,
			peerCertificate: undefined,
		},
	};
}

function factory(framing: MuxOptions["framing"], without: TransportFactory["without"]): TransportFactory {
	return {
		without,
		streamsMax: "stream-limit" in without ? Number.POSITIVE_INFINITY : STREAMS_MAX,
		connect: async (request) => {
			const channel = new MessageChannel();
			tickets += 1;
			const ticket = tickets;
			const server = new Promise<Connection>((resolve) => {
				arriving.set(ticket, (connection) => {
					connection.accept(request.server);
					resolve(connection);
				});
			});
			const order: MuxWorkerOrder = { ticket, port: channel.port2, options: muxOptions(framing, true) };
			worker.postMessage(order, [channel.port2]);
			const client = overPort(channel.port1, { ...muxOptions(framing, false), clock: systemClock });
			client.accept(request.client);
			const bridged = await server;
			if (without.datagrams === undefined) await settleInRealTime(() => bridged.info.datagramBytesMax > 0);
			const before = main.size;
			return {
				client,
				server: bridged,
				settle: settleInRealTime,
				dispose: async () => {
					client.close(0, "");
					bridged.close(0, "");
					await settleInRealTime(() => main.size < before);
					channel.port1.close();
				},
			};
		},
	};
}

transportCompliance("qmux-01 in a worker", factory("qmux-01", {}));
transportCompliance("qmux-00 in a worker", factory("qmux-00", { datagrams: "qmux-00 has no datagram frame" }));
