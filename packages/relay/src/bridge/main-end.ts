/**
 * Main's end of the bridge to one worker: turns the worker's events into calls on the connections it stands for.
 * @module
 */
import type { MessagePort } from "node:worker_threads";
import type { Connection, ConnectionInfo, ConnectionStats } from "@moq-relay/core";
import type { BatchReader } from "./batch.ts";
import { type BridgeContext, BridgedConnection } from "./bridged-connection.ts";
import { Channel } from "./channel.ts";
import { COMMAND_BYTES_MAX, COMMANDS_MAX } from "./limits.ts";
import { DROP_REASONS, ENDED_BY, Event } from "./op.ts";
import { TapeMirror } from "./tape-mirror.ts";

/** What main does with what a worker brings. */
export interface MainEndSink {
	/** A connection was opened; `ticket` is what the worker's `add` was given. Call `accept` in this turn. */
	onConnection(connection: Connection, ticket: number): void;
	/** A connection's sink threw and the connection is being closed; without one, the bridge itself is broken. */
	onFault(error: unknown, connection: Connection | undefined): void;
}

/** One bridge, main's end. */
export class MainEnd {
	readonly #sink: MainEndSink;
	readonly #channel: Channel;
	readonly #tapes: TapeMirror;
	readonly #connections = new Map<number, BridgedConnection>();
	readonly #context: BridgeContext;

	/** `nowMs` is monotonic. */
	constructor(port: MessagePort, nowMs: () => number, sink: MainEndSink) {
		this.#sink = sink;
		this.#channel = new Channel(
			port,
			{ bytes: COMMAND_BYTES_MAX, entries: COMMANDS_MAX },
			{
				onBatch: (reader) => this.#take(reader),
				onCongested: () => {}, // read where it matters: in the tape mirror
				onFault: (error) => sink.onFault(error, undefined),
			},
		);
		this.#tapes = new TapeMirror(this.#channel);
		this.#context = {
			channel: this.#channel,
			tapes: this.#tapes,
			nowMs,
			onFault: (error, connection) => sink.onFault(error, connection),
			ended: (id) => this.#connections.delete(id),
		};
	}

	/** Connections that have not ended. */
	get size(): number {
		return this.#connections.size;
	}

	/** Tapes that the worker holds. */
	get tapes(): number {
		return this.#tapes.size;
	}

	/** The worker is gone: every connection ends by the transport, with `reason`. */
	close(reason: string): void {
		this.#channel.close();
		this.#tapes.clear();
		for (const connection of this.#connections.values()) {
			connection.takeEnd({ code: TRANSPORT_CODE, reason, by: "transport" });
		}
	}

	#take(reader: BatchReader): void {
		while (reader.more) this.#takeOne(reader);
	}

	#takeOne(reader: BatchReader): void {
		const event = reader.number();
		const first = reader.number();
		if (event === Event.Open) this.#open(first, reader);
		else if (event === Event.TapeIdle) this.#tapes.idle(first, reader.number());
		else this.#dispatch(event, first, reader);
	}

	#open(id: number, reader: BatchReader): void {
		const ticket = reader.number();
		const info = parseInfo(reader.text());
		const connection = new BridgedConnection(id, info, this.#context);
		this.#connections.set(id, connection);
		try {
			this.#sink.onConnection(connection, ticket);
		} catch (error) {
			this.#sink.onFault(error, connection);
			connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: () => {} });
			connection.close(0, "");
		}
	}

	/** Events of a connection that is gone are read all the same, to stay in step. */
	#dispatch(event: number, id: number, reader: BatchReader): void {
		const take = EVENTS[event];
		if (take === undefined) throw new RangeError(`unknown bridge event ${event}`);
		take(this.#connections.get(id), reader);
	}
}

type Take = (connection: BridgedConnection | undefined, reader: BatchReader) => void;

const EVENTS: Readonly<Record<number, Take>> = {
	[Event.Bidi]: (connection, reader) => {
		const stream = reader.number();
		connection?.takeBidi(stream);
	},
	[Event.Uni]: (connection, reader) => {
		const stream = reader.number();
		connection?.takeUni(stream);
	},
	[Event.Data]: (connection, reader) => {
		const stream = reader.number();
		const fin = reader.number() === 1;
		const chunk = reader.chunk();
		connection?.takeData(stream, chunk, fin);
	},
	[Event.Reset]: (connection, reader) => {
		const stream = reader.number();
		const code = reader.number();
		connection?.takeReset(stream, code);
	},
	[Event.Stop]: (connection, reader) => {
		const stream = reader.number();
		const code = reader.number();
		connection?.takeStop(stream, code);
	},
	[Event.Datagram]: (connection, reader) => {
		const payload = reader.chunk();
		connection?.takeDatagram(payload);
	},
	[Event.End]: (connection, reader) => {
		const code = reader.number();
		const by = ENDED_BY[reader.number()] ?? "transport";
		const reason = reader.text();
		connection?.takeEnd({ code, reason, by });
	},
	[Event.Dropped]: (connection, reader) => {
		const lane = reader.number();
		const reason = DROP_REASONS[reader.number()] ?? "budget";
		const tags = Array.from({ length: reader.number() }, () => reader.number());
		connection?.takeDropped(lane, { tags, reason });
	},
	[Event.Drained]: (connection, reader) => {
		const lane = reader.number();
		connection?.takeDrained(lane);
	},
	[Event.Datagrams]: (connection, reader) => {
		const datagramBytesMax = reader.number();
		connection?.takeDatagrams(datagramBytesMax);
	},
	[Event.Full]: (connection, reader) => {
		const stream = reader.number();
		connection?.takeFull(stream);
	},
	[Event.Refused]: (connection, reader) => {
		const stream = reader.number();
		connection?.takeRefused(stream);
	},
	[Event.Stats]: (connection, reader) => {
		const stats: ConnectionStats = {
			rttMs: reader.number(),
			bitrate: reader.number(),
			bytesSent: reader.number(),
			bytesReceived: reader.number(),
			packetsSent: reader.number(),
			packetsLost: reader.number(),
			congestionWindowBytes: reader.number(),
		};
		connection?.takeStats(stats);
	},
};

/** The worker wrote it with `JSON.stringify`, which leaves out what is undefined. */
function parseInfo(text: string): ConnectionInfo {
	const info = JSON.parse(text) as ConnectionInfo;
	return { ...info, path: info.path, host: info.host, peerCertificate: info.peerCertificate };
}

/** Session code 4: the transport failed. */
const TRANSPORT_CODE = 4;
