/**
 * One group that this process publishes.
 * @module
 */
import { encodeFrameHeader } from "@moq-relay/wire";
import { Tape } from "../tape.ts";
import { ChunkBuilder } from "./chunk-builder.ts";
import type { Frame } from "./group-reader.ts";
import type { GroupWriter } from "./source.ts";

/** Write frames, then `finish` or `abort`. Made by `LocalTrack.group`. */
export class LocalGroup {
	readonly sequence: number;
	readonly #tape: Tape = new Tape("lite-05");
	readonly #builder: ChunkBuilder = new ChunkBuilder(this.#tape);
	#timestamp = 0;

	constructor(sequence: number) {
		this.sequence = sequence;
	}

	/** True until `finish` or `abort`. */
	get isOpen(): boolean {
		return this.#tape.state === "open";
	}

	get isAborted(): boolean {
		return this.#tape.state === "aborted";
	}

	/** Bytes of the body so far. */
	get byteLength(): number {
		return this.#tape.byteLength;
	}

	/**
	 * One frame; the payload's ownership passes. Ignored once the group is over.
	 * @throws RangeError when the timestamp is negative or no integer.
	 */
	frame(frame: Frame): void {
		const { timestamp, payload } = frame;
		if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new RangeError(`timestamp ${timestamp}`);
		const timestampDelta = timestamp - this.#timestamp;
		this.#timestamp = timestamp;
		this.#builder.add(encodeFrameHeader({ size: payload.byteLength, timestampDelta }, "lite-05"));
		this.#builder.add(payload);
		this.#builder.flush();
	}

	/** The group is complete. */
	finish(): void {
		this.#tape.finish();
	}

	/** Give the group up with a stream code. */
	abort(code: number): void {
		this.#tape.abort(code);
	}

	/** Write everything so far and all that follows. Returns the detachment. */
	feed(writer: GroupWriter): () => void {
		let detach: (() => void) | undefined;
		let isOver = false;
		const write = (step: () => void) => {
			if (isOver) return;
			try {
				step();
			} catch {
				// The receiving group met a limit or was evicted and has told its viewers; other receivers go on.
				isOver = true;
				detach?.();
			}
		};
		detach = this.#tape.attach({
			append: (chunk) => write(() => writer.write(chunk)),
			finish: () => write(() => writer.finish()),
			abort: (code) => write(() => writer.abort(code)),
			evict: () => {},
		});
		return detach;
	}
}
