/** A transport passes the compliance suite with one of its ends behind the bridge. */
import { setImmediate as macrotask } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import type { Connection, ConnectionSink } from "@moq-relay/core";
import {
	type MemoryOptions,
	memoryPair,
	Network,
	settleInRealTime,
	type TransportFactory,
	transportCompliance,
	VirtualClock,
} from "@moq-relay/testkit";
import { MainEnd } from "./main-end.ts";
import { WorkerEnd } from "./worker-end.ts";

/** In-memory pairs; one end of each is commanded over a bridge whose two ends share this thread. */
function bridgedFactory(bridged: "client" | "server", options: MemoryOptions = {}): TransportFactory {
	return {
		without: {},
		streamsMax: options.streamsMax ?? 100,
		connect: async (request) => {
			const clock = new VirtualClock({ seed: request.seed });
			const pair = memoryPair(clock, { streamsMax: 100, ...options, network: new Network(clock) });
			const other = bridged === "client" ? "server" : "client";
			pair[other].accept(request[other]);
			const bridge = await crossing(pair[bridged], request[bridged]);
			const ends = { [bridged]: bridge.connection, [other]: pair[other] } as Record<"client" | "server", Connection>;
			const turn = async (): Promise<void> => {
				clock.run(clock.nowMs() + 1);
				await macrotask();
			};
			return {
				client: ends.client,
				server: ends.server,
				settle: (until) => settleWith(turn, until),
				dispose: async () => {
					ends.client.close(0, "");
					ends.server.close(0, "");
					await settleWith(turn, () => bridge.main.size === 0);
					bridge.close();
				},
			};
		},
	};
}

async function settleWith(turn: () => Promise<void>, until: () => boolean): Promise<void> {
	let running = true;
	const work = (async () => {
		while (running) await turn();
	})();
	try {
		await settleInRealTime(until);
	} finally {
		running = false;
		await work;
	}
}

async function crossing(connection: Connection, sink: ConnectionSink) {
	const { port1, port2 } = new MessageChannel();
	const worker = new WorkerEnd(port2, {
		onCongested: () => {},
		onFault: rethrow,
		onBroken: rethrow,
	});
	const crossed = Promise.withResolvers<Connection>();
	const main = new MainEnd(port1, () => performance.now(), {
		onConnection: (bridged) => {
			bridged.accept(sink);
			crossed.resolve(bridged);
		},
		onFault: rethrow,
	});
	worker.add(connection, 7);
	const close = (): void => {
		main.close("the test is over");
		worker.close();
	};
	return { connection: await crossed.promise, main, close };
}

function rethrow(error: unknown): void {
	throw error;
}

transportCompliance("bridged server", bridgedFactory("server"), { seeds: [1, 2] });
transportCompliance("bridged client", bridgedFactory("client"), { seeds: [3] });
transportCompliance("bridged server with slow threads", bridgedFactory("server", { delayMs: 5, randomCuts: true }), {
	seeds: [4],
});
