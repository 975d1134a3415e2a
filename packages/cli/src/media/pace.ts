/**
 * When to send each packet, so that a file leaves at the speed it plays.
 * @module
 */
import type { MediaPacket } from "./media-input.ts";

/**
 * The decode time of each packet of one track, from presentation times and durations: packets that are shown out of order
 * (B frames) leave in decode order without waiting for their later neighbours.
 */
export class Pace {
	#nextUs: number | undefined;

	/** The time at which `packet` should leave, in microseconds on the input's own time line; never decreasing. */
	at(packet: MediaPacket): number {
		const due = this.#nextUs === undefined ? packet.timestampUs : Math.min(packet.timestampUs, this.#nextUs);
		const at = this.#nextUs === undefined ? due : Math.max(due, this.#nextUs - packet.durationUs);
		this.#nextUs = at + packet.durationUs;
		return at;
	}
}
