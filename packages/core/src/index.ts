export type { Clock } from "./clock.ts";
export { RequestError } from "./error.ts";
export * as limits from "./limits.ts";
export { Broadcast } from "./model/broadcast.ts";
export type { Datagram } from "./model/datagram.ts";
export type { GroupState } from "./model/group.ts";
export { Group } from "./model/group.ts";
export type { Frame, FrameListener } from "./model/group-reader.ts";
export { readGroup } from "./model/group-reader.ts";
export * as modelLimits from "./model/limits.ts";
export type { LocalBroadcastOptions } from "./model/local-broadcast.ts";
export { LocalBroadcast } from "./model/local-broadcast.ts";
export type { LocalGroup } from "./model/local-group.ts";
export type { LocalTrack } from "./model/local-track.ts";
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
export { TRACK_INFO_DEFAULT } from "./model/source.ts";
export type { GroupSink, TrackSink, TrackSubscription } from "./model/subscription.ts";
export type { MuxOptions } from "./mux/mux-connection.ts";
export { MuxConnection } from "./mux/mux-connection.ts";
export { messageBytesMax } from "./mux/parameters.ts";
export type { MessagePipe } from "./mux/pipe.ts";
export { TurnQueue } from "./mux/turn-queue.ts";
export type { Announcement, AnnounceRefusal } from "./routing/announcement.ts";
export type { OriginOptions } from "./routing/origin.ts";
export { Origin } from "./routing/origin.ts";
export type { Announced, Watch, WatchOptions, WatchSink } from "./routing/watch.ts";
export { SessionError, StreamError } from "./session/error.ts";
export type { Authorise, Grant, Refusal } from "./session/grant.ts";
export { fullPath, GRANT_ALL, mayPublish, maySubscribe } from "./session/grant.ts";
export type { SessionLimits } from "./session/limits.ts";
export { CLIENT_SESSION_LIMITS, CLUSTER_SESSION_LIMITS, SESSION_LIMITS } from "./session/limits.ts";
export type { SessionCensus, SessionOptions } from "./session/session.ts";
export { Session } from "./session/session.ts";
export type {
	SessionCounters,
	SessionEnd,
	SessionPart,
	SessionSink,
	SubscriptionEvent,
	Violation,
} from "./session/sink.ts";
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
	PeerIdentity,
	RecvSink,
	RecvStream,
	SendSink,
	SendStream,
	TransportKind,
} from "./transport.ts";
