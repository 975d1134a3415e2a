/**
 * Main's side of the tapes that one worker holds: each is sent once, however many sockets play it, and followed while
 * it grows. A worker that is too far behind loses groups, oldest demand first, never its control streams.
 * @module
 */
import type { Encoding, Tape, TapeSink } from "@moq-relay/core";
import { Code } from "@moq-relay/wire";
import type { Channel } from "./channel.ts";
import { Command, ENCODINGS } from "./op.ts";

/** A tape as one worker knows it. */
interface Mirrored {
	readonly id: number;
	/** Plays sent so far; a worker's report of idleness that counts fewer is out of date. */
	plays: number;
	detach: () => void;
}

/** A run of plays of one tape in one batch. */
interface Run {
	readonly tape: number;
	readonly sequence: number;
	readonly countAt: number;
	count: number;
	/** Where the writer stood after the last play: if it has moved on, the run is over. */
	end: number;
}

/** Whom to play to: a lane, and the header of the stream it opens. */
export interface LaneTarget {
	readonly conn: number;
	readonly lane: number;
	readonly tag: number;
	readonly header: Uint8Array;
}

/** The tapes of one worker. */
export class TapeMirror {
	readonly #channel: Channel;
	readonly #tapes = new Map<Tape, Mirrored>();
	readonly #byId = new Map<number, Tape>();
	#nextId = 1;
	#run: Run | undefined;

	constructor(channel: Channel) {
		this.#channel = channel;
	}

	/** Tapes that the worker holds now. */
	get size(): number {
		return this.#tapes.size;
	}

	/** Play on an open stream. False: the worker is too far behind. */
	playOnStream(tape: Tape, target: { readonly conn: number; readonly stream: number }): boolean {
		const mirrored = this.#mirrored(tape);
		if (mirrored === undefined) return false;
		this.#channel.out.begin(Command.StreamPlay, target.conn, target.stream, mirrored.id);
		this.#played(tape, mirrored);
		return true;
	}

	/** Play on a lane. Plays of one tape that follow each other in a turn are one command. False as above. */
	playOnLane(tape: Tape, target: LaneTarget): boolean {
		const mirrored = this.#mirrored(tape);
		if (mirrored === undefined) return false;
		const { out, sequence } = this.#channel;
		let run = this.#run;
		if (run?.tape !== mirrored.id || run.sequence !== sequence || run.end !== out.position) {
			out.begin(Command.LanePlay, mirrored.id);
			run = { tape: mirrored.id, sequence, countAt: out.position, count: 0, end: 0 };
			this.#run = run;
			out.number(0);
		}
		run.count += 1;
		out.patch(run.countAt, run.count);
		for (const field of [target.conn, target.lane, target.tag]) out.number(field);
		out.chunk(target.header);
		run.end = out.position;
		this.#played(tape, mirrored);
		return true;
	}

	/** The worker says that nothing plays an ended tape. */
	idle(id: number, plays: number): void {
		const tape = this.#byId.get(id);
		const mirrored = tape === undefined ? undefined : this.#tapes.get(tape);
		if (tape === undefined || mirrored === undefined || mirrored.plays !== plays) return;
		this.#forget(tape, mirrored);
	}

	/** The worker is gone. */
	clear(): void {
		for (const mirrored of this.#tapes.values()) mirrored.detach();
		this.#tapes.clear();
		this.#byId.clear();
	}

	#mirrored(tape: Tape): Mirrored | undefined {
		if (this.#channel.congested) return undefined;
		return this.#tapes.get(tape) ?? this.#send(tape);
	}

	#played(tape: Tape, mirrored: Mirrored): void {
		mirrored.plays += 1;
		// A tape that had been evicted before its first play is of no further use.
		if (tape.state === "evicted" && this.#tapes.has(tape)) this.#forget(tape, mirrored);
	}

	#send(tape: Tape): Mirrored {
		const mirrored: Mirrored = { id: this.#nextId, plays: 0, detach: () => {} };
		this.#nextId += 1;
		this.#tapes.set(tape, mirrored);
		this.#byId.set(mirrored.id, tape);
		this.#channel.out.begin(Command.Tape, mirrored.id, encodingIndex(tape.encoding));
		mirrored.detach = tape.attach(this.#sink(tape, mirrored));
		// Too much at once: it was given up while it was being sent.
		if (!this.#tapes.has(tape)) mirrored.detach();
		return mirrored;
	}

	#sink(tape: Tape, mirrored: Mirrored): TapeSink {
		return {
			append: (chunk) => {
				if (this.#channel.congested) {
					this.#channel.out.begin(Command.TapeAbort, mirrored.id, Code.Lagged);
					this.#forget(tape, mirrored);
					return;
				}
				this.#channel.out.begin(Command.TapeAppend, mirrored.id);
				this.#channel.out.chunk(chunk);
			},
			finish: () => this.#channel.out.begin(Command.TapeFinish, mirrored.id),
			abort: (code) => this.#channel.out.begin(Command.TapeAbort, mirrored.id, code),
			evict: () => {
				this.#channel.out.begin(Command.TapeEvict, mirrored.id);
				if (mirrored.plays > 0) this.#forget(tape, mirrored);
			},
		};
	}

	#forget(tape: Tape, mirrored: Mirrored): void {
		this.#channel.out.begin(Command.TapeForget, mirrored.id);
		mirrored.detach();
		this.#tapes.delete(tape);
		this.#byId.delete(mirrored.id);
	}
}

function encodingIndex(encoding: Encoding): number {
	return ENCODINGS.indexOf(encoding);
}
