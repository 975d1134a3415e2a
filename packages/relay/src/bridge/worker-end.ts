/**
 * A worker's end of the bridge: real connections go in with `add`, and main commands them from there.
 * @module
 */
import type { MessagePort } from "node:worker_threads";
import type { Connection, LanePolicy } from "@moq-relay/core";
import type { BatchReader } from "./batch.ts";
import { Channel } from "./channel.ts";
import { EVENT_BYTES_MAX, EVENTS_MAX } from "./limits.ts";
import { MirrorTape } from "./mirror-tape.ts";
import { Command, ENCODINGS, Event } from "./op.ts";
import { WorkerConnection } from "./worker-connection.ts";

/** What a worker does about the bridge. */
export interface WorkerEndSink {
	/** Main is too far behind: stop reading every socket; or (false) read on. */
	onCongested(congested: boolean): void;
	/** A connection threw, and is being closed. */
	onFault(error: unknown): void;
	/** The two ends no longer understand each other; a programming error, after which nothing works. */
	onBroken(error: unknown): void;
}

/** One bridge, the worker's end. */
export class WorkerEnd {
	readonly #channel: Channel;
	readonly #sink: WorkerEndSink;
	readonly #connections = new Map<number, WorkerConnection>();
	readonly #tapes = new Map<number, MirrorTape>();
	#nextConnection = 1;

	constructor(port: MessagePort, sink: WorkerEndSink) {
		this.#sink = sink;
		this.#channel = new Channel(
			port,
			{ bytes: EVENT_BYTES_MAX, entries: EVENTS_MAX },
			{
				onBatch: (reader) => this.#take(reader),
				onCongested: (congested) => sink.onCongested(congested),
				onFault: (error) => sink.onBroken(error),
			},
		);
	}

	/** Connections that have not ended. */
	get size(): number {
		return this.#connections.size;
	}

	/**
	 * Hand a connection to main, before the turn ends in which it came to be. `ticket` says which one it is. Call what is
	 * returned when the connection may have learned more of its peer (`info.datagramBytesMax`).
	 */
	add(connection: Connection, ticket: number): () => void {
		const id = this.#nextConnection;
		this.#nextConnection += 1;
		const onEnded = (): void => void this.#connections.delete(id);
		const bridged = new WorkerConnection(connection, { id, channel: this.#channel, onEnded });
		this.#connections.set(id, bridged);
		this.#channel.out.begin(Event.Open, id, ticket);
		this.#channel.out.text(JSON.stringify(connection.info));
		connection.accept(bridged);
		return () => bridged.refresh();
	}

	/** Stop; connections are left to their owner. */
	close(): void {
		this.#channel.close();
	}

	#take(reader: BatchReader): void {
		while (reader.more) {
			const command = reader.number();
			const first = reader.number();
			if (command === Command.LanePlay) this.#lanePlay(first, reader);
			else if (command >= Command.Tape && command <= Command.TapeForget) this.#tape(command, first, reader);
			else this.#connection(command, first, reader);
		}
	}

	#lanePlay(tapeId: number, reader: BatchReader): void {
		const tape = this.#tapes.get(tapeId);
		const count = reader.number();
		for (let at = 0; at < count; at++) {
			const connection = this.#connections.get(reader.number());
			const lane = reader.number();
			const tag = reader.number();
			const header = reader.chunk();
			if (connection !== undefined) this.#guard(connection, () => connection.lanePlay(lane, tape, { tag, header }));
			tape?.played();
		}
	}

	#tape(command: number, id: number, reader: BatchReader): void {
		const tape = this.#tapes.get(id);
		switch (command) {
			case Command.Tape:
				this.#addTape(id, reader.number());
				break;
			case Command.TapeAppend: {
				const chunk = reader.chunk();
				tape?.append(chunk);
				break;
			}
			case Command.TapeFinish:
				tape?.finish();
				break;
			case Command.TapeAbort: {
				const code = reader.number();
				tape?.abort(code);
				break;
			}
			case Command.TapeEvict:
				tape?.evict();
				break;
			default:
				this.#tapes.delete(id);
				break;
		}
		if (command !== Command.TapeAppend) tape?.judge();
	}

	#addTape(id: number, encoding: number): void {
		const tape = new MirrorTape(ENCODINGS[encoding] ?? "lite-05", (plays) => {
			if (this.#tapes.has(id)) this.#channel.out.begin(Event.TapeIdle, id, plays);
		});
		this.#tapes.set(id, tape);
	}

	/** Commands to a connection that is gone are read all the same, to stay in step. */
	#connection(command: number, id: number, reader: BatchReader): void {
		const read = COMMANDS[command];
		if (read === undefined) throw new RangeError(`unknown bridge command ${command}`);
		const carryOut = read(reader, this.#tapes);
		const connection = this.#connections.get(id);
		if (connection !== undefined) this.#guard(connection, () => carryOut(connection));
	}

	/** What one connection throws ends that one only. */
	#guard(connection: WorkerConnection, run: () => void): void {
		try {
			run();
		} catch (error) {
			this.#sink.onFault(error);
			connection.close(FAULT_CODE, "internal error");
		}
	}
}

type CarryOut = (connection: WorkerConnection) => void;
type Read = (reader: BatchReader, tapes: ReadonlyMap<number, MirrorTape>) => CarryOut;

/** A command of a stream and one number. */
function streamNumber(act: (connection: WorkerConnection, stream: number, value: number) => void): Read {
	return (reader) => {
		const stream = reader.number();
		const value = reader.number();
		return (connection) => act(connection, stream, value);
	};
}

/** A command that names one stream and nothing else. */
function streamOnly(act: (connection: WorkerConnection, stream: number) => void): Read {
	return (reader) => {
		const stream = reader.number();
		return (connection) => act(connection, stream);
	};
}

/** A command of a lane and its policy. */
function lanePolicy(act: (connection: WorkerConnection, lane: number, policy: LanePolicy) => void): Read {
	return (reader) => {
		const lane = reader.number();
		const policy: LanePolicy = {
			priority: reader.number(),
			order: reader.number() === 1 ? "newest" : "oldest",
			latencyMs: reader.number(),
			budgetBytes: reader.number(),
		};
		return (connection) => act(connection, lane, policy);
	};
}

/** A command of a stream or lane and bytes. */
function withBytes(act: (connection: WorkerConnection, id: number, bytes: Uint8Array) => void): Read {
	return (reader) => {
		const id = reader.number();
		const bytes = reader.chunk();
		return (connection) => act(connection, id, bytes);
	};
}

const COMMANDS: Readonly<Record<number, Read>> = {
	[Command.OpenBidi]: streamOnly((connection, stream) => connection.openBidi(stream)),
	[Command.OpenUni]: streamOnly((connection, stream) => connection.openUni(stream)),
	[Command.Write]: withBytes((connection, stream, bytes) => connection.write(stream, bytes)),
	[Command.StreamPlay]: (reader, tapes) => {
		const stream = reader.number();
		const tape = tapes.get(reader.number());
		return (connection) => {
			if (tape === undefined) connection.reset(stream, LAGGED);
			else connection.streamPlay(stream, tape);
			tape?.played();
		};
	},
	[Command.Finish]: streamOnly((connection, stream) => connection.finish(stream)),
	[Command.Reset]: streamNumber((connection, stream, code) => connection.reset(stream, code)),
	[Command.Prioritise]: streamNumber((connection, stream, priority) => connection.prioritise(stream, priority)),
	[Command.Consumed]: streamNumber((connection, stream, bytes) => connection.consumed(stream, bytes)),
	[Command.Stop]: streamNumber((connection, stream, code) => connection.stop(stream, code)),
	[Command.Lane]: lanePolicy((connection, lane, policy) => connection.lane(lane, policy)),
	[Command.LaneUpdate]: lanePolicy((connection, lane, policy) => connection.laneUpdate(lane, policy)),
	[Command.LaneClose]: streamNumber((connection, lane, code) =>
		connection.laneClose(lane, code < 0 ? undefined : code),
	),
	[Command.LaneDatagram]: withBytes((connection, lane, payload) => connection.laneDatagram(lane, payload)),
	[Command.Stats]: () => (connection) => connection.reportStats(),
	[Command.Close]: (reader) => {
		const code = reader.number();
		const reason = reader.text();
		return (connection) => connection.close(code, reason);
	},
};

/** Session code 24: a fault of ours, without detail. */
const FAULT_CODE = 24;
/** Stream code 26: main gave the tape up between two commands, since this worker is too far behind. */
const LAGGED = 26;
