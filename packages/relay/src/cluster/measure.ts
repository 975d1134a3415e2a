/**
 * How far away another relay is.
 * @module
 */
import { type DialOptions, dial } from "@moq-relay/client";
import type { Clock } from "@moq-relay/core";
import { rttOf } from "./cluster-link.ts";
import { MEASURE_MS_MAX } from "./limits.ts";

/** Dial and hang up: the round trip in ms, or Infinity for who cannot be reached. */
export async function measureRtt(url: URL, dialOptions: DialOptions, clock: Clock): Promise<number> {
	const begunMs = clock.nowMs();
	try {
		const connection = await dial(url, { ...dialOptions, timeoutMs: MEASURE_MS_MAX });
		connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: () => {} });
		const rttMs = rttOf(connection, clock.nowMs() - begunMs);
		connection.close(0, "");
		return rttMs;
	} catch {
		// Whatever is wrong with it, it is no parent for us; who needs it dials again and says why.
		return Number.POSITIVE_INFINITY;
	}
}
