/**
 * One message on its way to the pipe.
 * @module
 */
import { RECORD_ROOM_BYTES_MIN } from "./limits.ts";

/** Collects frames as long as they fit; their payloads go in by reference. */
export class OutgoingRecord {
	readonly #bytesMax: number;
	readonly #single: boolean;
	/** What goes to the pipe. */
	readonly parts: Uint8Array[] = [];
	#bytes = 0;

	/** `single`: the framing has one frame a message. */
	constructor(bytesMax: number, single: boolean) {
		this.#bytesMax = bytesMax;
		this.#single = single;
	}

	get bytes(): number {
		return this.#bytes;
	}

	/** Bytes that a frame may still have. */
	get roomBytes(): number {
		return this.#single && this.#bytes > 0 ? 0 : this.#bytesMax - this.#bytes;
	}

	/** Whether it should go out as it is. */
	get full(): boolean {
		return this.#bytes > 0 && (this.#single || this.roomBytes < RECORD_ROOM_BYTES_MIN);
	}

	/** Add a whole frame. */
	add(frame: Uint8Array): void {
		this.parts.push(frame);
		this.#bytes += frame.length;
	}

	/** Add a frame's header; the caller puts `payloadBytes` bytes into `parts` next. */
	addHeader(header: Uint8Array, payloadBytes: number): void {
		this.add(header);
		this.#bytes += payloadBytes;
	}
}
