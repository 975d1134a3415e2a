/**
 * CONNECTION_CLOSE (the transport failed) and APPLICATION_CLOSE (the session ended): the last frame of a side.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { encodeUtf8 } from "../utf8.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { hasFlowControl, type MuxFraming } from "./framing.ts";
import { readSaturated } from "./saturate.ts";

/** The last frame of a side. */
export interface CloseFrame {
	readonly type: "close";
	/** True when the session ended on purpose, false when the peer met a transport error; old clients do not tell. */
	readonly application: boolean;
	readonly code: number;
	/** As sent; what is not UTF-8 is replaced. */
	readonly reason: string;
}

/** The frame. A reason that makes it too long for a record is the caller's to cut. */
export function encodeClose(frame: Omit<CloseFrame, "type">, framing: MuxFraming): Uint8Array {
	const writer = new Writer(32 + frame.reason.length);
	writer.u8(frame.application ? FrameType.ApplicationClose : FrameType.ConnectionClose).varint(frame.code);
	if (!hasFlowControl(framing)) return writer.bytes(encodeUtf8(frame.reason)).finish();
	// The frame type that caused it; 0 stands for unknown.
	if (!frame.application) writer.u8(0);
	writer.string(frame.reason);
	// Clients of qmux 0.0 and 0.1 expect a frame type here too; others take this byte for padding.
	if (frame.application && frame.reason === "" && framing !== "qmux-02") writer.u8(FrameType.Padding);
	return writer.finish();
}

/** Reads what follows the type. */
export function decodeClose(cursor: Cursor, application: boolean, framing: MuxFraming): CloseFrame {
	const code = readSaturated(cursor);
	const body = hasFlowControl(framing) ? takeReason(cursor, application) : cursor.rest();
	return { type: "close", application, code, reason: DECODER.decode(body) };
}

/** Clients of qmux 0.0 and 0.1 send the frame type in APPLICATION_CLOSE too. A close ends its record, so the length tells. */
function takeReason(cursor: Cursor, application: boolean): Uint8Array {
	if (!application) {
		cursor.varint62();
		return cursor.take(cursor.varint());
	}
	const length = cursor.varint();
	if (length > 0 || cursor.remaining === 0) return cursor.take(length);
	const rest = new Cursor(cursor.rest());
	const second = rest.varint();
	return second === rest.remaining ? rest.rest() : new Uint8Array();
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
