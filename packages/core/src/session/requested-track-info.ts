/**
 * Asking the peer for a track's properties.
 * @module
 */
import { BidiType, Code, decodeTrackInfo, encodeTrack, openStream, type Track } from "@moq-relay/wire";
import { TRACK_INFO_DEFAULT, type TrackInfo } from "../model/source.ts";
import type { SessionContext } from "./context.ts";
import { type MessageHandler, MessageStream } from "./message-stream.ts";

/** Exactly one of the two is called, in a later turn, unless the request is cancelled. */
export interface TrackInfoSink {
	onInfo(info: TrackInfo): void;
	onError(code: number): void;
}

/** Ask; where the version has no TRACK the answer is the default. Returns the cancellation. */
export function requestTrackInfo(context: SessionContext, track: Track, sink: TrackInfoSink): () => void {
	if (!context.version.track) return context.clock.after(0, () => sink.onInfo(TRACK_INFO_DEFAULT));
	const request = new RequestedTrackInfo(context, sink);
	const stream = MessageStream.open(context, request);
	if (stream === undefined) return context.clock.after(0, () => sink.onError(Code.Dropped));
	stream.write(openStream(BidiType.Track, encodeTrack(track)));
	stream.finishSending();
	return request.start(stream);
}

class RequestedTrackInfo implements MessageHandler {
	readonly part = "track";
	readonly #context: SessionContext;
	readonly #sink: TrackInfoSink;
	#stream: MessageStream | undefined;
	#cancelTimer: (() => void) | undefined;
	#over = false;

	constructor(context: SessionContext, sink: TrackInfoSink) {
		this.#context = context;
		this.#sink = sink;
	}

	start(stream: MessageStream): () => void {
		this.#stream = stream;
		this.#context.requests.add(this);
		this.#cancelTimer = this.#context.clock.after(this.#context.limits.responseMs, () => {
			stream.abort(Code.Timeout);
			this.onAbort(Code.Timeout);
		});
		return () => {
			if (this.#settle()) stream.abort(Code.Cancel);
		};
	}

	onMessage(body: Uint8Array): void {
		const info = decodeTrackInfo(body);
		if (!this.#settle()) return;
		this.#stream?.finish();
		this.#sink.onInfo(info);
	}

	/** A FIN where the answer should be. */
	onFinish(): void {
		this.#stream?.finish();
		this.onAbort(Code.NotFound);
	}

	onAbort(code: number): void {
		if (this.#settle()) this.#sink.onError(code);
	}

	#settle(): boolean {
		if (this.#over) return false;
		this.#over = true;
		this.#cancelTimer?.();
		this.#context.requests.delete(this);
		return true;
	}
}
