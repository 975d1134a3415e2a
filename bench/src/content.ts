/**
 * The frames of the load client (`bench/load/src/content.rs`), for the arm that publishes them itself.
 * @module
 */

/** Bytes before the stretch: scheduled time, group, place. */
const HEAD_BYTES = 16;
const STARTS = 65_521;

/** The page that frames are cut from. */
export class Content {
	readonly #page: Uint8Array;

	/** `frameBytes`: the largest frame. */
	constructor(frameBytes: number) {
		const page = new Uint8Array(STARTS + frameBytes);
		let state = 0x9e37_79b9_7f4a_7c15n;
		for (let at = 0; at < page.length; at++) {
			state = BigInt.asUintN(64, state ^ (state << 13n));
			state ^= state >> 7n;
			state = BigInt.asUintN(64, state ^ (state << 17n));
			page[at] = Number((state >> 32n) & 0xffn);
		}
		this.#page = page;
	}

	/** Fill one frame. `scheduledMs` is wall-clock time. */
	write(frame: Uint8Array, id: { readonly group: number; readonly place: number }, scheduledMs: number): void {
		const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
		view.setBigUint64(0, BigInt(Math.round(scheduledMs * 1e6)), true);
		view.setUint32(8, id.group, true);
		view.setUint32(12, id.place, true);
		const start = (id.group * 7919 + id.place * 104_729) % STARTS;
		frame.set(this.#page.subarray(start, start + frame.byteLength - HEAD_BYTES), HEAD_BYTES);
	}
}
