/**
 * The in-memory transport as a candidate of the compliance suite.
 * @module
 */
import type { TransportFactory } from "../compliance/factory.ts";
import { MEMORY_STREAMS_MAX } from "../limits.ts";
import type { LinkConditions } from "../network/link.ts";
import { Network } from "../network/network.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { type MemoryOptions, memoryPair } from "./pair.ts";

/** A factory of in-memory pairs, each on a clock of its own that the request's seed drives. */
export function memoryFactory(options: MemoryOptions = {}, conditions: Partial<LinkConditions> = {}): TransportFactory {
	return {
		without: options.datagramBytesMax === 0 ? { datagrams: "switched off by the test" } : {},
		streamsMax: options.streamsMax ?? MEMORY_STREAMS_MAX,
		connect: async (request) => {
			const clock = new VirtualClock({ seed: request.seed });
			const network = new Network(clock, conditions);
			const { client, server } = memoryPair(clock, { ...options, network });
			client.accept(request.client);
			server.accept(request.server);
			return {
				client,
				server,
				settle: async (until) => clock.runUntil(until),
				dispose: async () => {
					client.close(0, "");
					server.close(0, "");
					clock.runUntilIdle();
				},
			};
		},
	};
}
