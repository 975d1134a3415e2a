/**
 * What crosses an in-memory link: QUIC's frames as objects.
 * @module
 */

/** One frame. Stream ids are as in QUIC: bit 0 opened by the server, bit 1 unidirectional. */
export type Frame =
	| {
			readonly kind: "data";
			readonly id: number;
			readonly offset: number;
			readonly bytes: Uint8Array;
			readonly fin: boolean;
	  }
	| { readonly kind: "reset"; readonly id: number; readonly code: number; readonly finalBytes: number }
	| { readonly kind: "stop"; readonly id: number; readonly code: number }
	/** The receiver takes so many bytes of the stream in all. */
	| { readonly kind: "stream-credit"; readonly id: number; readonly limitBytes: number }
	/** The receiver takes so many bytes of all streams in all. */
	| { readonly kind: "session-credit"; readonly limitBytes: number }
	/** The receiver lets its peer open so many streams of the kind in all. */
	| { readonly kind: "stream-limit"; readonly uni: boolean; readonly limit: number }
	/** Everything of the half arrived, or its reset. */
	| { readonly kind: "ack"; readonly id: number }
	| { readonly kind: "datagram"; readonly payload: Uint8Array }
	| { readonly kind: "close"; readonly code: number; readonly reason: string };

/** Roughly what the frame takes on a wire, in bytes. */
export function frameBytes(frame: Frame): number {
	if (frame.kind === "data") return FRAME_HEADER_BYTES + frame.bytes.byteLength;
	if (frame.kind === "datagram") return FRAME_HEADER_BYTES + frame.payload.byteLength;
	return FRAME_HEADER_BYTES;
}

const FRAME_HEADER_BYTES = 16;
