/**
 * Messages of the qmux framings, well formed or not.
 * @module
 */
import { DEFAULT_TRANSPORT_PARAMETERS, encodeStreamHeader, encodeTransportParameters } from "@moq-relay/wire";
import { frame, Op } from "./raw-web-socket.ts";

/** Transport parameters as an ordinary client sends them. */
export const PARAMETERS: Uint8Array = encodeTransportParameters({
	...DEFAULT_TRANSPORT_PARAMETERS,
	data: 1024 * 1024,
	streamDataBidiLocal: 256 * 1024,
	streamDataBidiRemote: 256 * 1024,
	streamDataUni: 256 * 1024,
	streamsBidi: 100,
	streamsUni: 100,
	datagramFrameBytes: 1200,
});

/** A STREAM frame. */
export function streamFrame(at: { id: number; offset?: number; fin?: boolean }, data: Uint8Array): Uint8Array {
	const { id, offset = 0, fin = false } = at;
	return joined(encodeStreamHeader({ id, offset, length: data.byteLength, fin }, "qmux-01"), data);
}

/** The client's unidirectional stream with an empty SETUP of moq-lite-05. */
export const SETUP: Uint8Array = streamFrame({ id: 2, fin: true }, Uint8Array.of(1, 1, 0));

/** Messages, each in a WebSocket frame of its own. */
export function messages(...parts: readonly Uint8Array[]): Uint8Array {
	return joined(...parts.map((part) => frame(Op.binary, part)));
}

/** One after another. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
	return Buffer.concat(parts);
}
