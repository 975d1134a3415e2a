/**
 * A group of one frame that came as a datagram.
 * @module
 */

/** One datagram of a track; shared, not to be written to. */
export interface Datagram {
	readonly sequence: number;
	/** In the track's timescale. */
	readonly timestamp: number;
	readonly payload: Uint8Array;
}
