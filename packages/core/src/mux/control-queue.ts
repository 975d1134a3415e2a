/**
 * Small frames that go ahead of all streams.
 * @module
 */
import { Code, Malformed } from "@moq-relay/wire";
import { CONTROL_BYTES_MAX } from "./limits.ts";
import type { OutgoingRecord } from "./record.ts";

/** Frames in order, waiting for the pipe. */
export class ControlQueue {
	#frames: Uint8Array[] = [];
	#bytes = 0;

	/** Add a frame. */
	push(frame: Uint8Array): void {
		this.#frames.push(frame);
		this.#bytes += frame.length;
	}

	/** @throws Malformed when the peer makes us answer and does not read. */
	checkBound(): void {
		if (this.#bytes > CONTROL_BYTES_MAX) throw new Malformed("peer does not read", Code.BoundsExceeded);
	}

	/** Move frames to `record` as long as they fit; returns whether all did. */
	fill(record: OutgoingRecord): boolean {
		if (this.#frames.length === 0) return true;
		let moved = 0;
		for (const frame of this.#frames) {
			if (frame.length > record.roomBytes) break;
			record.add(frame);
			this.#bytes -= frame.length;
			moved++;
		}
		if (moved === this.#frames.length) this.#frames = [];
		else this.#frames.splice(0, moved);
		return this.#frames.length === 0;
	}
}
