/**
 * Core's WebSocket state machine as a candidate of the compliance suite.
 * @module
 */
import { hasFlowControl, hasRecords, type MuxFraming } from "@moq-relay/wire";
import type { TransportFactory, TransportFeature } from "../compliance/factory.ts";
import { MEMORY_STREAMS_MAX } from "../limits.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { muxPair } from "./mux-pair.ts";

/** A factory of in-memory pairs in one framing, each on a clock of its own that the request's seed drives. */
export function muxFactory(framing: MuxFraming): TransportFactory {
	return {
		without: lacks(framing),
		streamsMax: hasFlowControl(framing) ? MEMORY_STREAMS_MAX : Number.POSITIVE_INFINITY,
		connect: async (request) => {
			const clock = new VirtualClock({ seed: request.seed });
			const limits = hasFlowControl(framing) ? { streamsMax: MEMORY_STREAMS_MAX } : {};
			const { client, server } = muxPair({ clock, framing, ...limits });
			// Like a WebSocket client that is handed out when it knows what the server grants.
			clock.run(PARAMETERS_MS);
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

function lacks(framing: MuxFraming): Partial<Record<TransportFeature, string>> {
	if (hasRecords(framing)) return {};
	if (hasFlowControl(framing)) return { datagrams: "qmux-00 has no frame for them" };
	return {
		datagrams: "the oldest framing has no frame for them",
		"stream-limit": "the oldest framing has no frames for limits",
		"stream-credit": "the oldest framing has no frames for credit",
	};
}

/** By then the parameters of both sides have arrived. */
const PARAMETERS_MS = 10;
