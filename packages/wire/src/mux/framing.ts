/**
 * The framings that carry streams inside WebSocket messages (and, with a size before each record, TCP).
 * @module
 */

/**
 * "webtransport" is the oldest: a frame a message, no offsets, no flow control. "qmux-00" has QUIC's frames, one a
 * message; from "qmux-01" on a message is a record of one or more frames.
 */
export type MuxFraming = "webtransport" | "qmux-00" | "qmux-01" | "qmux-02";

/** Whether a message holds several frames, and with them padding, pings and datagrams. */
export function hasRecords(framing: MuxFraming): boolean {
	return framing === "qmux-01" || framing === "qmux-02";
}

/** Whether streams have offsets and credit, and the two sides exchange transport parameters. */
export function hasFlowControl(framing: MuxFraming): boolean {
	return framing !== "webtransport";
}

/** What a WebSocket subprotocol (`qmux-01.moq-lite-05`, `webtransport`) stands for. */
export interface MuxSubprotocol {
	readonly framing: MuxFraming;
	/** The MoQ protocol; "" when only the framing was named. */
	readonly protocol: string;
}

/** Reads a WebSocket subprotocol; "" (none offered) is the oldest framing. Undefined when it names no framing. */
export function parseMuxSubprotocol(text: string): MuxSubprotocol | undefined {
	if (text === "") return { framing: "webtransport", protocol: "" };
	const dot = text.indexOf(".");
	const framing = FRAMINGS.find((name) => name === (dot < 0 ? text : text.slice(0, dot)));
	if (framing === undefined || dot === text.length - 1) return undefined;
	return { framing, protocol: dot < 0 ? "" : text.slice(dot + 1) };
}

/** The WebSocket subprotocol of a framing and a MoQ protocol ("" for none). */
export function formatMuxSubprotocol(subprotocol: MuxSubprotocol): string {
	return subprotocol.protocol === "" ? subprotocol.framing : `${subprotocol.framing}.${subprotocol.protocol}`;
}

const FRAMINGS: readonly MuxFraming[] = ["qmux-02", "qmux-01", "qmux-00", "webtransport"];
