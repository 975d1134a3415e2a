/**
 * The varint that each stream begins with.
 * @module
 */
import { Writer } from "../writer.ts";

/** First varint of a bidirectional stream. */
export const BidiType = {
	Session: 0,
	Announce: 1,
	Subscribe: 2,
	Fetch: 3,
	Probe: 4,
	Goaway: 5,
	Track: 6,
	/** Legacy in-band SETUP. */
	ClientSetup: 0x20,
} as const;

/** A bidirectional stream's type. */
export type BidiType = (typeof BidiType)[keyof typeof BidiType];

/** First varint of a unidirectional stream. */
export const UniType = {
	Group: 0,
	Setup: 1,
} as const;

/** A unidirectional stream's type. */
export type UniType = (typeof UniType)[keyof typeof UniType];

/** The first bytes of a stream: its type, and the messages that follow at once. */
export function openStream(type: BidiType | UniType, ...messages: readonly Uint8Array[]): Uint8Array {
	const writer = new Writer();
	writer.varint(type);
	for (const message of messages) writer.bytes(message);
	return writer.finish();
}
