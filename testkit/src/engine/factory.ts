/**
 * The engine as a candidate of the compliance suite, over loopback.
 * @module
 */
import type { Connection, ConnectionSink } from "@moq-relay/core";
import { type Endpoint, Engine, type Incoming } from "@moq-relay/engine";
import type { TransportFactory } from "../compliance/factory.ts";
import { settleInRealTime } from "../compliance/settle.ts";
import { selfSigned } from "./certificate.ts";

/** Engines that dial each other, and what holds them together. */
export interface EngineFactory extends TransportFactory {
	/** Stops both engines. */
	close(): void;
}

/** A running engine. @throws Error when it is not built. */
export function loadEngine(options: Parameters<typeof Engine.load>[0] = {}): Engine {
	const engine = Engine.load(options);
	if ("missing" in engine) throw new Error(engine.missing);
	return engine;
}

/** A factory of connections between two engines, with so many threads each, over QUIC or WebTransport. */
export async function engineFactory(transport: "quic" | "webtransport", threads = 1): Promise<EngineFactory> {
	const faults: string[] = [];
	const onFault = (message: string): void => {
		faults.push(message);
	};
	const [server, client] = [loadEngine({ threads, onFault }), loadEngine({ threads, onFault })];
	const certificate = await selfSigned(["localhost"]);
	const arrivals: ((incoming: Incoming) => void)[] = [];
	const limits = { uniStreamsMax: STREAMS_MAX, bidiStreamsMax: STREAMS_MAX };
	const endpoint = await server.listen(
		{ host: "127.0.0.1", port: 0, certificates: [certificate], protocols: [PROTOCOL], transport: limits },
		{ onIncoming: (incoming) => arrivals.shift()?.(incoming) },
	);
	const accept = (sink: ConnectionSink): Promise<Connection> =>
		new Promise((resolve) => {
			arrivals.push((incoming) => {
				const connection = incoming.accept(PROTOCOL);
				connection.accept(sink);
				resolve(connection);
			});
		});
	return {
		without: {},
		streamsMax: STREAMS_MAX,
		connect: async (request) => {
			const accepted = accept(request.server);
			const dialled = await dial(client, endpoint, { transport, fingerprint: certificate.fingerprint });
			dialled.accept(request.client);
			const ends = { client: dialled, server: await accepted };
			return {
				...ends,
				settle: settleInRealTime,
				dispose: async () => {
					ends.client.close(0, "");
					ends.server.close(0, "");
					await settleInRealTime(() => client.stats().connections + server.stats().connections === 0 || true);
					if (faults.length > 0) throw new Error(faults.splice(0).join("; "));
				},
			};
		},
		close: () => {
			client.close();
			server.close();
		},
	};
}

function dial(
	client: Engine,
	endpoint: Endpoint,
	how: { readonly transport: "quic" | "webtransport"; readonly fingerprint: string },
): Promise<Connection> {
	const { host, port } = endpoint.address;
	const common = {
		addresses: [{ host, port }],
		serverName: "localhost",
		verify: { fingerprints: [how.fingerprint] },
		transport: { uniStreamsMax: STREAMS_MAX, bidiStreamsMax: STREAMS_MAX },
	};
	if (how.transport === "quic") return client.connect({ ...common, protocols: [PROTOCOL] });
	return client.connect({
		...common,
		webtransport: { url: `https://localhost:${port}/demo?jwt=1`, protocols: [PROTOCOL] },
	});
}

const PROTOCOL = "moq-lite-05";
const STREAMS_MAX = 100;
