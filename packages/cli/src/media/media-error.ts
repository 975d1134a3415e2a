/**
 * What is wrong with a file, a stream or a catalog.
 * @module
 */

/** The media can't be used; the message is one sentence for the person at the terminal, without a final period. */
export class MediaError extends Error {
	override readonly name = "MediaError";
}
