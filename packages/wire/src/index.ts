export { APP_CODE_FIRST, Code, formatCode, fromHttp3Code, plainCode, toHttp3Code } from "./codes.ts";
export { Cursor } from "./cursor.ts";
export { FRAME_LIMITS, type FrameLimits, FrameReader, type FrameSink } from "./frame-reader.ts";
export * as limits from "./limits.ts";
export { type Announce, decodeAnnounce, encodeAnnounce, HOP_UNKNOWN } from "./lite/announce.ts";
export { type AnnounceInit, decodeAnnounceInit, encodeAnnounceInit } from "./lite/announce-init.ts";
export { type AnnounceOk, decodeAnnounceOk, encodeAnnounceOk } from "./lite/announce-ok.ts";
export { type AnnounceRequest, decodeAnnounceRequest, encodeAnnounceRequest } from "./lite/announce-request.ts";
export { type Datagram, decodeDatagram, encodeDatagram } from "./lite/datagram.ts";
export { type Delivery, LATENCY_MS_DEFAULT } from "./lite/delivery.ts";
export { decodeFetch, encodeFetch, type Fetch } from "./lite/fetch.ts";
export { encodeFrameHeader, type FrameEncoding, type FrameHeader } from "./lite/frame-header.ts";
export { decodeGoaway, encodeGoaway, type Goaway } from "./lite/goaway.ts";
export { decodeGroup, encodeGroupHeader, type Group } from "./lite/group.ts";
export { decodeProbe, encodeProbe, type Probe } from "./lite/probe.ts";
export { decodeSessionInfo, encodeSessionInfo, type SessionInfo } from "./lite/session-info.ts";
export { decodeSetup, encodeSetup, SETUP_EMPTY, type Setup } from "./lite/setup.ts";
export { BidiType, openStream, UniType } from "./lite/stream-type.ts";
export { decodeSubscribe, encodeSubscribe, type Subscribe } from "./lite/subscribe.ts";
export type { SubscribeDrop } from "./lite/subscribe-drop.ts";
export type { SubscribeEnd } from "./lite/subscribe-end.ts";
export type { SubscribeOk } from "./lite/subscribe-ok.ts";
export {
	decodeSubscribeReply,
	encodeSubscribeReply,
	hasReplyType,
	type SubscribeReply,
} from "./lite/subscribe-reply.ts";
export type { SubscribeStart } from "./lite/subscribe-start.ts";
export { decodeSubscribeUpdate, encodeSubscribeUpdate, type SubscribeUpdate } from "./lite/subscribe-update.ts";
export { decodeTrack, encodeTrack, type Track } from "./lite/track.ts";
export { decodeTrackInfo, encodeTrackInfo, type TrackInfo } from "./lite/track-info.ts";
export { Malformed } from "./malformed.ts";
export { MessageReader, type TypedMessage } from "./message-reader.ts";
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
export {
	ALPN_HTTP3,
	parseSubprotocol,
	parseSubprotocols,
	pickQuicAlpn,
	pickWebSocketProtocol,
	pickWebTransportProtocol,
	quicAlpns,
	type WebSocketFraming,
	type WebSocketProtocol,
	webSocketOffer,
} from "./negotiation.ts";
export { hasPrefix, joinPath, PATH_TOP, type Path, parsePath, splitPath, stripPrefix } from "./path.ts";
export {
	CLIENT_SETUP,
	type ClientSetup,
	decodeClientSetup,
	encodeClientSetup,
	pickSetupVersion,
} from "./setup/client-setup.ts";
export type { SetupParameters } from "./setup/parameters.ts";
export { decodeServerSetup, encodeServerSetup, SERVER_SETUP, type ServerSetup } from "./setup/server-setup.ts";
export { decodeUtf8, encodeUtf8, utf8Length, writeUtf8 } from "./utf8.ts";
export {
	encodeVarint,
	readVarint,
	readVarint62,
	type Varint62,
	varintLength,
	varintLengthOf,
	writeVarint,
} from "./varint.ts";
export {
	LITE_01,
	LITE_02,
	LITE_03,
	LITE_04,
	LITE_05,
	LITE_VERSIONS,
	type LiteVersion,
	protocolsOf,
	versionOfCode,
	versionOfName,
	versionOfProtocol,
} from "./version.ts";
export { Writer } from "./writer.ts";
