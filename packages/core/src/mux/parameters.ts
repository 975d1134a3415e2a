/**
 * What we grant the peer, and what we ask of its parameters.
 * @module
 */
import {
	Code,
	DEFAULT_TRANSPORT_PARAMETERS,
	hasRecords,
	Malformed,
	type MuxFraming,
	type TransportParameters,
} from "@moq-relay/wire";
import { READ_AHEAD_BYTES, SESSION_READ_AHEAD_BYTES } from "../limits.ts";
import {
	FRAME_BYTES_MAX,
	IDLE_MS,
	OLDEST_MESSAGE_BYTES_MAX,
	RECORD_BYTES_MAX,
	RECORD_SEND_BYTES_MAX,
} from "./limits.ts";

/** Our parameters. */
export function localParameters(
	framing: MuxFraming,
	streamsMax: number,
	idleMs: number = IDLE_MS,
): TransportParameters {
	const records = hasRecords(framing);
	return {
		...DEFAULT_TRANSPORT_PARAMETERS,
		idleMs: records ? idleMs : 0,
		data: SESSION_READ_AHEAD_BYTES,
		streamDataBidiLocal: READ_AHEAD_BYTES,
		streamDataBidiRemote: READ_AHEAD_BYTES,
		streamDataUni: READ_AHEAD_BYTES,
		streamsBidi: streamsMax,
		streamsUni: streamsMax,
		datagramFrameBytes: records ? RECORD_BYTES_MAX : 0,
		recordBytes: RECORD_BYTES_MAX,
		resetStreamAt: framing === "qmux-02",
	};
}

/** @throws Malformed when the peer's parameters are not possible. */
export function checkPeerParameters(parameters: TransportParameters, framing: MuxFraming): void {
	if (hasRecords(framing) && parameters.recordBytes < DEFAULT_TRANSPORT_PARAMETERS.recordBytes) {
		throw new Malformed(`max_record_size ${parameters.recordBytes} is below the least`, Code.ProtocolViolation);
	}
	if (parameters.applicationProtocols !== undefined) {
		throw new Malformed("the carrier has negotiated the protocol already", Code.ProtocolViolation);
	}
}

/** The largest message that a peer may send: what a carrier should refuse to collect more than. */
export function messageBytesMax(framing: MuxFraming): number {
	if (framing === "webtransport") return OLDEST_MESSAGE_BYTES_MAX;
	return hasRecords(framing) ? RECORD_BYTES_MAX : FRAME_BYTES_MAX;
}

/** The largest message that we send, once the peer's parameters are known. */
export function sendBytesMax(framing: MuxFraming, peer: TransportParameters = DEFAULT_TRANSPORT_PARAMETERS): number {
	return hasRecords(framing) ? Math.min(peer.recordBytes, RECORD_SEND_BYTES_MAX) : FRAME_BYTES_MAX;
}
