export type { Clock } from "./clock.ts";
export * as limits from "./limits.ts";
export type { OriginId, Route } from "./model/route.ts";
export type {
	FetchSink,
	GroupWriter,
	Source,
	SubscribeRequest,
	TrackInfo,
	UpstreamSink,
	UpstreamSubscription,
} from "./model/source.ts";
export type { Encoding, TapeSink, TapeState } from "./tape.ts";
export { Tape } from "./tape.ts";
export type {
	BidiHandle,
	BidiStream,
	Connection,
	ConnectionEnd,
	ConnectionInfo,
	ConnectionSink,
	ConnectionStats,
	Lane,
	LanePolicy,
	LaneSink,
	RecvSink,
	RecvStream,
	SendSink,
	SendStream,
	TransportKind,
} from "./transport.ts";
