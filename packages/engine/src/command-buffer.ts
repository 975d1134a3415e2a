/**
 * Commands for the engine's threads, collected and handed over once per turn of the event loop.
 * `native/src/command.rs` reads them.
 * @module
 */
import type { LanePolicy } from "@moq-relay/core";
import { TURN_BYTES_MAX } from "./limits.ts";
import type { NativeEngine } from "./native.ts";
import { RecordWriter } from "./record-writer.ts";

/** A connection of a thread. */
export interface ConnectionKey {
	readonly thread: number;
	readonly id: number;
}

/** A tape in native memory. */
export type TapeId = number;

/** A viewer of a play. */
export interface PlayTarget {
	readonly connection: ConnectionKey;
	readonly lane: number;
	readonly tag: number;
	readonly header: Uint8Array;
}

const Kind = {
	tapeOpen: 1,
	tapeAppend: 2,
	tapeFinish: 3,
	tapeAbort: 4,
	tapeEvict: 5,
	listen: 6,
	certificates: 7,
	endpointClose: 8,
	connect: 9,
	connectCancel: 10,
	tapeForget: 11,
	accept: 32,
	reject: 33,
	close: 34,
	open: 35,
	write: 36,
	streamPlay: 37,
	finish: 38,
	reset: 39,
	prioritise: 40,
	stop: 41,
	credit: 42,
	laneSet: 43,
	laneClose: 44,
	play: 45,
	datagram: 46,
	stats: 47,
	panic: 48,
} as const;

/** The commands of the turn under way. */
export class CommandBuffer {
	readonly #native: NativeEngine;
	/** One per thread, and the last for commands that belong to none: those go first. */
	readonly #queues: RecordWriter[];
	readonly #shared: RecordWriter;
	/** The tape of each thread's open PLAY record; the next play of the same tape joins it. */
	readonly #playing: (TapeId | undefined)[];
	#scheduled: NodeJS.Immediate | undefined;
	#closed = false;

	constructor(native: NativeEngine, threads: number) {
		this.#native = native;
		this.#queues = Array.from({ length: threads }, () => new RecordWriter());
		this.#shared = new RecordWriter();
		this.#playing = this.#queues.map(() => undefined);
	}

	/** Hand everything over now; otherwise it happens at the end of the turn. */
	flush(): void {
		if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
		this.#scheduled = undefined;
		// tapes first, so that a play finds its tape; the plays of a turn see all that it appended
		this.#submit(this.#shared, this.#queues.length);
		for (const [thread, queue] of this.#queues.entries()) {
			this.#playing[thread] = undefined;
			this.#submit(queue, thread);
		}
	}

	/** Take no more commands. */
	close(): void {
		this.flush();
		this.#closed = true;
	}

	tapeOpen(tape: TapeId): void {
		this.#begin(Kind.tapeOpen).f64(tape);
	}

	tapeAppend(tape: TapeId, chunk: Uint8Array): void {
		this.#begin(Kind.tapeAppend).f64(tape).payload(chunk);
		this.#bound(this.#shared);
	}

	tapeFinish(tape: TapeId): void {
		this.#begin(Kind.tapeFinish).f64(tape);
	}

	tapeAbort(tape: TapeId, code: number): void {
		this.#begin(Kind.tapeAbort).f64(tape).u32(code);
	}

	tapeEvict(tape: TapeId): void {
		this.#begin(Kind.tapeEvict).f64(tape);
	}

	/** The tape is lost to TypeScript: running plays of a complete one go on, and its bytes go with the last of them. */
	tapeForget(tape: TapeId): void {
		this.#begin(Kind.tapeForget).f64(tape);
	}

	/** The caller writes the body. */
	listen(): RecordWriter {
		return this.#begin(Kind.listen);
	}

	/** The caller writes the certificates. */
	certificates(request: number, endpoint: number): RecordWriter {
		return this.#begin(Kind.certificates).u32(request).u32(endpoint);
	}

	endpointClose(endpoint: number): void {
		this.#begin(Kind.endpointClose).u32(endpoint);
	}

	/** The caller writes the body. */
	connect(): RecordWriter {
		return this.#begin(Kind.connect);
	}

	connectCancel(request: number, thread: number): void {
		this.#begin(Kind.connectCancel).u32(request).u8(thread);
	}

	accept(connection: ConnectionKey, protocol: string): void {
		this.#for(Kind.accept, connection).text(protocol);
	}

	reject(connection: ConnectionKey, status: number): void {
		this.#for(Kind.reject, connection).u16(status);
	}

	closeConnection(connection: ConnectionKey, end: { readonly code: number; readonly reason: string }): void {
		this.#for(Kind.close, connection).u32(end.code).text(end.reason);
	}

	open(connection: ConnectionKey, stream: number, direction: "bidi" | "uni"): void {
		this.#for(Kind.open, connection)
			.u32(stream)
			.bool(direction === "bidi");
	}

	write(connection: ConnectionKey, stream: number, bytes: Uint8Array): void {
		const writer = this.#for(Kind.write, connection).u32(stream).payload(bytes);
		this.#bound(writer);
	}

	streamPlay(connection: ConnectionKey, stream: number, tape: TapeId): void {
		this.#for(Kind.streamPlay, connection).u32(stream).f64(tape);
	}

	finish(connection: ConnectionKey, stream: number): void {
		this.#for(Kind.finish, connection).u32(stream);
	}

	reset(connection: ConnectionKey, stream: number, code: number): void {
		this.#for(Kind.reset, connection).u32(stream).u32(code);
	}

	prioritise(connection: ConnectionKey, stream: number, priority: number): void {
		this.#for(Kind.prioritise, connection).u32(stream).i32(priority);
	}

	stop(connection: ConnectionKey, stream: number, code: number): void {
		this.#for(Kind.stop, connection).u32(stream).u32(code);
	}

	credit(connection: ConnectionKey, stream: number, bytes: number): void {
		this.#for(Kind.credit, connection).u32(stream).u32(bytes);
	}

	laneSet(connection: ConnectionKey, lane: number, policy: LanePolicy): void {
		this.#for(Kind.laneSet, connection)
			.u32(lane)
			.u8(Math.min(Math.max(policy.priority, 0), 255))
			.bool(policy.order === "oldest")
			.f64(policy.latencyMs)
			.f64(policy.budgetBytes);
	}

	laneClose(connection: ConnectionKey, lane: number, code: number | undefined): void {
		const writer = this.#for(Kind.laneClose, connection).u32(lane);
		if (code === undefined) writer.u8(0);
		else writer.u8(1).u32(code);
	}

	/** Joins the play before it when that was of the same tape on the same thread. */
	play(tape: TapeId, target: PlayTarget): void {
		const { thread, id } = target.connection;
		const writer = this.#queue(thread);
		if (this.#playing[thread] !== tape) {
			writer.begin(Kind.play).f64(tape);
			this.#playing[thread] = tape;
		}
		writer.u32(id).u32(target.lane).f64(target.tag).u16(target.header.byteLength).raw(target.header);
		this.#bound(writer);
	}

	datagram(connection: ConnectionKey, payload: Uint8Array): void {
		this.#bound(this.#for(Kind.datagram, connection).payload(payload));
	}

	stats(connection: ConnectionKey): void {
		this.#for(Kind.stats, connection);
	}

	/** For tests: the connection's next turn panics. */
	panic(connection: ConnectionKey): void {
		this.#for(Kind.panic, connection);
	}

	#begin(kind: number): RecordWriter {
		this.#schedule();
		return this.#shared.begin(kind);
	}

	#for(kind: number, connection: ConnectionKey): RecordWriter {
		const queue = this.#queue(connection.thread);
		this.#playing[connection.thread] = undefined;
		return queue.begin(kind).u32(connection.id);
	}

	#queue(thread: number): RecordWriter {
		this.#schedule();
		const queue = this.#queues[thread];
		if (queue === undefined) throw new RangeError(`no thread ${thread}`);
		return queue;
	}

	#schedule(): void {
		this.#scheduled ??= setImmediate(() => this.flush());
	}

	/** A turn that commands very much hands it over in parts. */
	#bound(writer: RecordWriter): void {
		if (writer.size > TURN_BYTES_MAX) this.flush();
	}

	#submit(writer: RecordWriter, queue: number): void {
		if (writer.length === 0) return;
		writer.end();
		if (!this.#closed) this.#native.submit(queue, writer.bytes, writer.length, writer.payloads);
		writer.clear();
	}
}
