/**
 * Totals of an engine.
 * @module
 */

/** Totals since the start, over all threads; `connections`, `tapes` and `tapeBytes` are what there is now. */
export interface EngineStats {
	readonly threads: number;
	/** Tapes held in native memory, and their bytes. */
	readonly tapes: number;
	readonly tapeBytes: number;
	readonly connections: number;
	/** Connections lost to a panic in the engine or a library. */
	readonly panics: number;
	readonly handshakesRefused: number;
	readonly handshakesRetried: number;
	readonly handshakesTimedOut: number;
	/** Plays that ended early, whatever the reason. */
	readonly playsDropped: number;
	readonly datagramsDropped: number;
	/** UDP packets that the kernel would not take. */
	readonly packetsUnsent: number;
	/** UDP datagrams that belonged to no connection. */
	readonly packetsStray: number;
	/** Stateless resets: peers that were told that their connection is not known. */
	readonly resetsSent: number;
	/** Send calls; with GSO one may carry several packets. */
	readonly sends: number;
	/** Bytes and packets through all sockets. */
	readonly bytesSent: number;
	readonly bytesReceived: number;
	readonly packetsSent: number;
	readonly packetsReceived: number;
}

/** In the order in which the native side lists them. */
const NAMES: readonly (keyof EngineStats)[] = [
	"threads",
	"tapes",
	"tapeBytes",
	"connections",
	"panics",
	"handshakesRefused",
	"handshakesRetried",
	"handshakesTimedOut",
	"playsDropped",
	"datagramsDropped",
	"packetsUnsent",
	"packetsStray",
	"resetsSent",
	"sends",
	"bytesSent",
	"bytesReceived",
	"packetsSent",
	"packetsReceived",
];

/** Name the numbers of the native side. */
export function readStats(numbers: readonly number[]): EngineStats {
	const stats: Partial<Record<keyof EngineStats, number>> = {};
	for (const [at, name] of NAMES.entries()) stats[name] = numbers[at] ?? 0;
	return stats as EngineStats;
}
