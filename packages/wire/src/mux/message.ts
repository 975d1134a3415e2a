/**
 * One message of the carrier: a frame, or a record of frames.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import { type BlockedFrame, decodeBlocked } from "./blocked.ts";
import { type CloseFrame, decodeClose } from "./close.ts";
import { type DatagramFrame, decodeDatagram } from "./datagram.ts";
import { FrameType } from "./frame-type.ts";
import { hasRecords, type MuxFraming } from "./framing.ts";
import {
	decodeMaxData,
	decodeMaxStreamData,
	decodeMaxStreams,
	type MaxDataFrame,
	type MaxStreamDataFrame,
	type MaxStreamsFrame,
} from "./max.ts";
import { decodePing, type PingFrame } from "./ping.ts";
import { decodeResetStream, decodeResetStreamAt, type ResetStreamFrame } from "./reset-stream.ts";
import { decodeStopSending, type StopSendingFrame } from "./stop-sending.ts";
import { decodeStream, type StreamFrame } from "./stream.ts";
import { decodeTransportParameters, type TransportParametersFrame } from "./transport-parameters.ts";

/** Any frame. */
export type MuxFrame =
	| StreamFrame
	| ResetStreamFrame
	| StopSendingFrame
	| MaxDataFrame
	| MaxStreamDataFrame
	| MaxStreamsFrame
	| BlockedFrame
	| CloseFrame
	| TransportParametersFrame
	| PingFrame
	| DatagramFrame;

/**
 * All frames of one message, in order, padding left out; their data are views of it.
 * @throws Malformed when the message is empty, ends early, or holds a frame that the framing does not have.
 */
export function decodeMuxMessage(message: Uint8Array, framing: MuxFraming): MuxFrame[] {
	if (message.length === 0) throw new Malformed("empty message");
	const cursor = new Cursor(message);
	const frames: MuxFrame[] = [];
	do {
		const frame = framing === "webtransport" ? decodeOldest(cursor) : decodeFrame(cursor, framing);
		if (frame !== undefined) frames.push(frame);
		// In qmux-00, clients that pad a frame exist, so the rest of its message is not looked at.
	} while (hasRecords(framing) && cursor.remaining > 0);
	return frames;
}

function decodeOldest(cursor: Cursor): MuxFrame {
	const type = cursor.u8();
	switch (type) {
		case FrameType.Stream:
		case FrameType.Stream + 1:
			return decodeStream(cursor, type, "webtransport");
		case FrameType.ResetStream:
			return whole(cursor, decodeResetStream(cursor, "webtransport"));
		case FrameType.StopSending:
			return whole(cursor, decodeStopSending(cursor));
		case FrameType.ConnectionClose:
		case FrameType.ApplicationClose:
			return decodeClose(cursor, type === FrameType.ApplicationClose, "webtransport");
		default:
			throw new Malformed(`frame type ${type} is unknown`);
	}
}

function whole(cursor: Cursor, frame: MuxFrame): MuxFrame {
	cursor.end();
	return frame;
}

function decodeFrame(cursor: Cursor, framing: MuxFraming): MuxFrame | undefined {
	const type = cursor.varint62();
	if (typeof type === "number" && type >= FrameType.Stream && type < FrameType.Stream + 8) {
		return decodeStream(cursor, type, framing);
	}
	switch (type) {
		case FrameType.Padding:
			return undefined;
		case FrameType.ResetStream:
			return decodeResetStream(cursor, framing);
		case FrameType.StopSending:
			return decodeStopSending(cursor);
		case FrameType.MaxData:
			return decodeMaxData(cursor);
		case FrameType.MaxStreamData:
			return decodeMaxStreamData(cursor);
		case FrameType.MaxStreamsBidi:
			return decodeMaxStreams(cursor, "bidi");
		case FrameType.MaxStreamsUni:
			return decodeMaxStreams(cursor, "uni");
		default:
			return decodeRare(cursor, type, framing);
	}
}

function decodeRare(cursor: Cursor, type: number | bigint, framing: MuxFraming): MuxFrame {
	switch (type) {
		case FrameType.DataBlocked:
			return decodeBlocked(cursor, "data");
		case FrameType.StreamDataBlocked:
			return decodeBlocked(cursor, "stream-data");
		case FrameType.StreamsBlockedBidi:
			return decodeBlocked(cursor, "streams-bidi");
		case FrameType.StreamsBlockedUni:
			return decodeBlocked(cursor, "streams-uni");
		case FrameType.ConnectionClose:
		case FrameType.ApplicationClose:
			return decodeClose(cursor, type === FrameType.ApplicationClose, framing);
		case FrameType.PingRequest:
		case FrameType.PingResponse:
			return decodePing(cursor, type === FrameType.PingResponse);
		case FrameType.TransportParameters:
			return decodeTransportParameters(cursor);
		default:
			return decodeOfDraft(cursor, type, framing);
	}
}

/** Frames that not every draft has. */
function decodeOfDraft(cursor: Cursor, type: number | bigint, framing: MuxFraming): MuxFrame {
	if (hasRecords(framing) && (type === FrameType.Datagram || type === FrameType.DatagramWithLength)) {
		return decodeDatagram(cursor, type === FrameType.DatagramWithLength);
	}
	if (framing === "qmux-02" && type === FrameType.ResetStreamAt) return decodeResetStreamAt(cursor, framing);
	throw new Malformed(`frame type 0x${type.toString(16)} is unknown in ${framing}`);
}
