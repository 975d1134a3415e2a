/**
 * How far away another relay is.
 * @module
 */
import { type DialOptions, type DialTls, dial } from "@moq-relay/client";
import type { Clock } from "@moq-relay/core";
import { type Dial, rttOf } from "./cluster-link.ts";
import { MEASURE_MS_MAX } from "./limits.ts";

/** What measures, and how. */
export interface MeasureOptions {
	readonly clock: Clock;
	readonly dialOptions: DialOptions;
	/** Default that of `dialOptions`. */
	readonly readTls?: () => Promise<DialTls>;
	/** Default `dial`. */
	readonly dial?: Dial;
}

/** Dial and hang up: the round trip in ms, or Infinity for who cannot be reached. */
export async function measureRtt(url: URL, options: MeasureOptions): Promise<number> {
	const { clock, dialOptions, readTls, dial: open = dial } = options;
	const begunMs = clock.nowMs();
	try {
		const tls = readTls && { tls: await readTls() };
		const connection = await open(url, { ...dialOptions, ...tls, timeoutMs: MEASURE_MS_MAX });
		connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: () => {} });
		const rttMs = rttOf(connection, clock.nowMs() - begunMs);
		connection.close(0, "");
		return rttMs;
	} catch {
		// Whatever is wrong with it, it is no parent for us; who needs it dials again and says why.
		return Number.POSITIVE_INFINITY;
	}
}
