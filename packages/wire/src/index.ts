export { APP_CODE_FIRST, Code, formatCode, fromHttp3Code, plainCode, toHttp3Code } from "./codes.ts";
export { Cursor } from "./cursor.ts";
export * as limits from "./limits.ts";
export { Malformed } from "./malformed.ts";
export { type BlockedFrame, encodeBlocked } from "./mux/blocked.ts";
export { type CloseFrame, encodeClose } from "./mux/close.ts";
export { type DatagramFrame, datagramPayloadBytesMax, encodeDatagramHeader } from "./mux/datagram.ts";
export {
	formatMuxSubprotocol,
	hasFlowControl,
	hasRecords,
	type MuxFraming,
	type MuxSubprotocol,
	parseMuxSubprotocol,
} from "./mux/framing.ts";
export {
	encodeMaxData,
	encodeMaxStreamData,
	encodeMaxStreams,
	type MaxDataFrame,
	type MaxStreamDataFrame,
	type MaxStreamsFrame,
} from "./mux/max.ts";
export { decodeMuxMessage, type MuxFrame } from "./mux/message.ts";
export { encodePing, type PingFrame } from "./mux/ping.ts";
export { encodeResetStream, type ResetStreamFrame } from "./mux/reset-stream.ts";
export { encodeStopSending, type StopSendingFrame } from "./mux/stop-sending.ts";
export {
	encodeStreamHeader,
	STREAM_DATA_BYTES_MAX,
	type StreamFrame,
	type StreamHeader,
	streamDataBytesMax,
} from "./mux/stream.ts";
export {
	DEFAULT_TRANSPORT_PARAMETERS,
	encodeTransportParameters,
	type TransportParameters,
	type TransportParametersFrame,
} from "./mux/transport-parameters.ts";
export { decodeUtf8, encodeUtf8, writeUtf8 } from "./utf8.ts";
export {
	encodeVarint,
	readVarint,
	readVarint62,
	type Varint62,
	varintLength,
	varintLengthOf,
	writeVarint,
} from "./varint.ts";
export { Writer } from "./writer.ts";
