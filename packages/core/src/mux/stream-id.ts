/**
 * Stream ids as in QUIC: bit 0 is set when the server opened it, bit 1 when it goes one way.
 * @module
 */

/** Both ways, or one. */
export type StreamKind = "bidi" | "uni";

/** The id of a side's `index`-th stream (from 0) of a kind. */
export function makeStreamId(index: number, kind: StreamKind, server: boolean): number {
	return index * 4 + (kind === "uni" ? 2 : 0) + (server ? 1 : 0);
}

/** The kind. */
export function streamKind(id: number): StreamKind {
	return id % 4 >= 2 ? "uni" : "bidi";
}

/** Whether the server opened it. */
export function isServerStream(id: number): boolean {
	return id % 2 === 1;
}

/** How many streams of its kind and side came before it. */
export function streamIndex(id: number): number {
	return Math.floor(id / 4);
}
