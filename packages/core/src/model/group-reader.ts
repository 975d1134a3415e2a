/**
 * Frames for applications, out of a group's bytes.
 * @module
 */
import { Code, FrameReader, type FrameSink } from "@moq-relay/wire";
import type { TapeSink } from "../tape.ts";
import type { Group } from "./group.ts";
import { joinPieces } from "./pieces.ts";

/** One frame of a group. */
export interface Frame {
	/** In the track's timescale. */
	readonly timestamp: number;
	/** Shared with other readers: not to be written to. */
	readonly payload: Uint8Array;
}

/** Events of reading one group; after `onEnd` or `onAbort` nothing follows. */
export interface FrameListener {
	onFrame(frame: Frame): void;
	/** The group is complete. */
	onEnd(): void;
	/** It will not be complete; stream code, 31 when the cache dropped it. */
	onAbort(code: number): void;
	/** Optional: what one of the others threw. Nothing follows; the group and its other readers go on. */
	onFault?(thrown: unknown): void;
}

/** Read a group from its start: what is there inside the call, the rest as it comes. Returns the cancellation. */
export function readGroup(group: Group, listener: FrameListener): () => void {
	let detach: (() => void) | undefined;
	const reading = new Reading(listener, () => detach?.());
	detach = group.tape("lite-05").attach(reading);
	// It may have stopped while what is there was replayed.
	if (reading.isOver) detach();
	return () => reading.stop();
}

class Reading implements TapeSink, FrameSink {
	readonly #listener: FrameListener;
	readonly #onStop: () => void;
	readonly #reader: FrameReader = new FrameReader("lite-05", this);
	#timestamp = 0;
	#pieces: Uint8Array[] = [];
	#size = 0;
	#over = false;

	constructor(listener: FrameListener, onStop: () => void) {
		this.#listener = listener;
		this.#onStop = onStop;
	}

	get isOver(): boolean {
		return this.#over;
	}

	stop(): void {
		if (this.#over) return;
		this.#over = true;
		this.#onStop();
	}

	append(chunk: Uint8Array): void {
		if (!this.#over) this.#guard(() => this.#reader.push(chunk));
	}

	finish(): void {
		this.#last(() => this.#listener.onEnd());
	}

	abort(code: number): void {
		this.#last(() => this.#listener.onAbort(code));
	}

	evict(): void {
		this.#last(() => this.#listener.onAbort(Code.Evicted));
	}

	onFrame(size: number, timestamp: number | undefined): void {
		this.#size = size;
		this.#timestamp = timestamp ?? 0;
	}

	onPayload(bytes: Uint8Array): void {
		this.#pieces.push(bytes);
	}

	onFrameEnd(): void {
		const payload = joinPieces(this.#pieces, this.#size);
		this.#pieces = [];
		if (!this.#over) this.#listener.onFrame({ timestamp: this.#timestamp, payload });
	}

	#last(tell: () => void): void {
		if (this.#over) return;
		this.#over = true;
		this.#guard(tell);
	}

	#guard(run: () => void): void {
		try {
			run();
		} catch (thrown) {
			this.stop();
			this.#listener.onFault?.(thrown);
		}
	}
}
