/**
 * What a transport hands to the compliance suite: connected pairs, and a way to wait for events.
 * @module
 */
import type { Connection, ConnectionSink } from "@moq-relay/core";

/**
 * What a carrier may lack by its nature: datagrams; a limit on open streams; credit per stream (without it a stream
 * that nobody reads holds up the whole connection, as in legacy WebSocket framing).
 */
export type TransportFeature = "datagrams" | "stream-limit" | "stream-credit";

/** One pair that the suite asks for. */
export interface PairRequest {
	/** Seeds whatever the transport leaves to chance, such as the delay between a command and its effect. */
	readonly seed: number;
	/** Goes to `accept` of the dialling side, in the turn in which its connection is handed out. */
	readonly client: ConnectionSink;
	/** Goes to `accept` of the accepting side, likewise. */
	readonly server: ConnectionSink;
}

/** A connected pair; `accept` was called on both sides. */
export interface TransportPair {
	readonly client: Connection;
	readonly server: Connection;
	/**
	 * Resolves once `until` holds, letting the transport work meanwhile and asking again after each step. Bounded:
	 * rejects, saying why, when it will not hold any more or takes unreasonably long.
	 */
	settle(until: () => boolean): Promise<void>;
	/** Frees everything; called once, after the check, also when the connection has ended. All events come before it resolves. */
	dispose(): Promise<void>;
}

/** Makes pairs of one transport. */
export interface TransportFactory {
	/** What the carrier lacks, each with the reason in a sentence; the checks that need it then only check that it is absent. */
	readonly without: Readonly<Partial<Record<TransportFeature, string>>>;
	/** Streams of each kind that either side lets the other have open at once; Infinity without "stream-limit". */
	readonly streamsMax: number;
	connect(request: PairRequest): Promise<TransportPair>;
}
