/**
 * One group: its canonical bytes on one tape, and whatever other encodings viewers want of it.
 * @module
 */
import type { Encoding, Tape } from "../tape.ts";
import type { GroupWriter } from "./source.ts";

/** Where a group stands. */
export type GroupState = "open" | "finished" | "aborted" | "evicted";

/** What a new group needs to know. */
export interface GroupOptions {
	readonly sequence: number;
	/** The form its source writes. */
	readonly encoding: Encoding;
	/** Timestamp units per second of the track it belongs to. */
	readonly timescale: number;
	/** Timestamp units per second of the source; another one than the track's is converted. Default: the track's. */
	readonly sourceTimescale?: number;
	/** Wall clock for sources without timestamps, in ms since 1970. */
	readonly wallMs: () => number;
	/** Told after every change of `byteLength`, and once at the end. */
	readonly observer?: GroupObserver;
}

/** Who accounts for a group: its track. */
export interface GroupObserver {
	onGrow(group: Group, bytes: number): void;
	/** Finished or aborted. */
	onEnd(group: Group): void;
}

/** One group of a track, written by its source and played by any number of viewers. */
export class Group implements GroupWriter {
	readonly sequence: number;
	/** Units per second of the timestamps on the tape of encoding "lite-05". */
	readonly timescale: number;

	constructor(options: GroupOptions) {
		this.sequence = options.sequence;
		this.timescale = options.timescale;
		throw new TypeError("not built yet");
	}

	get state(): GroupState {
		return "open";
	}

	/** Bytes charged to the cache: those of every tape held, and a fixed overhead. */
	get byteLength(): number {
		return 0;
	}

	/** Whole frames so far. */
	get frameCount(): number {
		return 0;
	}

	/** The stream code it was aborted with; 0 unless aborted. */
	get code(): number {
		return 0;
	}

	/**
	 * The tape of one encoding: the canonical one ("lite-05") or a derived one, made when first wanted and held once.
	 * Play it with `Lane.play` or `SendStream.play`. On an evicted group it is an evicted tape.
	 */
	tape(encoding: Encoding): Tape {
		void encoding;
		throw new TypeError("not built yet");
	}

	/** @inheritDoc */
	write(chunk: Uint8Array): void {
		void chunk;
	}

	/** @inheritDoc */
	finish(): void {}

	/** @inheritDoc */
	abort(code: number): void {
		void code;
	}

	/** Drop the bytes: plays still running end with 31 Evicted. */
	evict(): void {}
}
