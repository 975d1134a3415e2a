/**
 * One subscription of ours on the peer.
 * @module
 */
import {
	BidiType,
	Code,
	type Datagram,
	decodeSubscribeReply,
	encodeSubscribe,
	encodeSubscribeUpdate,
	hasReplyType,
	openStream,
	type SubscribeReply,
	type Track,
} from "@moq-relay/wire";
import {
	type GroupWriter,
	type SubscribeRequest,
	TRACK_INFO_DEFAULT,
	type TrackInfo,
	type UpstreamSink,
	type UpstreamSubscription,
} from "../model/source.ts";
import type { RecvStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import { fullPath } from "./grant.ts";
import { IncomingGroup } from "./incoming-group.ts";
import { LAST_GROUPS_MS, LAST_GROUPS_ROUND_TRIPS } from "./limits.ts";
import { type MessageHandler, MessageStream } from "./message-stream.ts";
import { requestTrackInfo } from "./requested-track-info.ts";
import type { SubscriptionEvent } from "./sink.ts";

/** What the table tells a new subscription. */
export interface RequestedOptions {
	readonly id: number;
	readonly track: Track;
	readonly request: SubscribeRequest;
	/** Called once, when nothing is expected for the id any more. */
	readonly onOver: () => void;
}

/** A running subscription; the peer's replies come in as a `MessageHandler`. */
export class RequestedSubscription implements MessageHandler, UpstreamSubscription {
	readonly part = "subscribe";
	readonly typed: boolean;
	readonly #context: SessionContext;
	readonly #sink: UpstreamSink;
	readonly #options: RequestedOptions;
	readonly #event: SubscriptionEvent;
	/** Open groups, the oldest first. */
	readonly #groups: Set<IncomingGroup> = new Set();
	#request: SubscribeRequest;
	#stream: MessageStream | undefined;
	#hasInfo = false;
	#state: "asking" | "running" | "ending" | "over" = "asking";
	/** One past the last group that came, and that will have come. */
	#next = 0;
	#final: number | undefined;
	#cancelWait: (() => void) | undefined;

	constructor(context: SessionContext, sink: UpstreamSink, options: RequestedOptions) {
		this.typed = hasReplyType(context.version);
		this.#context = context;
		this.#sink = sink;
		this.#options = options;
		this.#request = options.request;
		const { broadcast, track } = options.track;
		this.#event = { side: "requesting", path: fullPath(context.grant, broadcast) ?? broadcast, track };
	}

	/** Ask for what must be known first, then subscribe. */
	start(): void {
		this.#context.sink.onSubscribed?.(this.#event);
		if (!this.#context.version.track) {
			this.#subscribe();
			return;
		}
		const { known } = this.#sink;
		if (known !== undefined) {
			this.#inform(known);
			this.#subscribe();
			return;
		}
		this.#cancelWait = requestTrackInfo(this.#context, this.#options.track, {
			onInfo: (info) => {
				this.#cancelWait = undefined;
				this.#inform(info);
				this.#subscribe();
			},
			onError: (code) => this.onAbort(code),
		});
	}

	update(request: SubscribeRequest): void {
		this.#request = request;
		const { version } = this.#context;
		if (this.#state !== "running" || !version.delivery) return;
		this.#stream?.write(encodeSubscribeUpdate(request, version));
	}

	close(): void {
		const stream = this.#stream;
		if (!this.#leave(Code.Cancel)) return;
		stream?.finish();
	}

	/** A group stream of this subscription; undefined when the model has no use for it. */
	onGroup(sequence: number, stream: RecvStream): IncomingGroup | undefined {
		if (this.#state === "asking" || this.#state === "over") return undefined;
		// On the versions without TRACK a group may overtake the OK.
		if (!this.#hasInfo) this.#inform(TRACK_INFO_DEFAULT);
		if (sequence >= this.#next) this.#next = sequence + 1;
		if (this.#state === "ending") this.#awaitLast();
		const writer = this.#sink.onGroup(sequence, this.#context.version.frames);
		if (writer === undefined) {
			this.#endIfComplete();
			return undefined;
		}
		return this.#receive(writer, stream);
	}

	onDatagram(datagram: Datagram): void {
		if (!this.#hasInfo || this.#state === "over") return;
		this.#sink.onDatagram(datagram.sequence, datagram.timestamp, datagram.payload);
	}

	onMessage(body: Uint8Array, type: number): void {
		const reply = decodeSubscribeReply(type, body, this.#context.version);
		if (this.#state === "running") this.#onReply(reply);
	}

	/** The peer has sent all it had; its last groups may still be on their way. */
	onFinish(): void {
		this.#stream?.finish();
		if (this.#state !== "running") return;
		this.#state = "ending";
		this.#awaitLast();
		this.#endIfComplete();
	}

	onAbort(code: number): void {
		if (this.#leave(code)) this.#sink.onError(code);
	}

	#receive(writer: GroupWriter, stream: RecvStream): IncomingGroup {
		const { limits } = this.#context;
		if (this.#context.openGroups.size >= limits.incomingGroups) {
			const [oldest] = this.#groups;
			if (oldest === undefined) {
				writer.abort(Code.BoundsExceeded);
				throw new StreamError(Code.BoundsExceeded, "too many groups at once");
			}
			oldest.give(Code.Lagged);
		}
		const group = new IncomingGroup(this.#context, { writer, stream, onOver: () => this.#onGroupOver(group) });
		this.#groups.add(group);
		return group;
	}

	/**
	 * What comes late is waited for. Where END named the last group, until that is there; otherwise only for as long as
	 * packets may overtake each other, since peers finish a track after its last groups, and every relay on the way waits.
	 */
	#awaitLast(): void {
		const { connection, limits } = this.#context;
		const overtakingMs = LAST_GROUPS_MS + LAST_GROUPS_ROUND_TRIPS * connection.stats().rttMs;
		const waitMs = this.#final === undefined ? Math.min(limits.drainMs, overtakingMs) : limits.drainMs;
		this.#wait(waitMs, () => this.#end());
	}

	#onGroupOver(group: IncomingGroup): void {
		this.#groups.delete(group);
		this.#endIfComplete();
	}

	#subscribe(): void {
		const { id, track } = this.#options;
		const { version } = this.#context;
		const stream = MessageStream.open(this.#context, this);
		if (stream === undefined) {
			this.#wait(0, () => this.onAbort(Code.Dropped));
			return;
		}
		this.#stream = stream;
		this.#state = "running";
		stream.write(openStream(BidiType.Subscribe, encodeSubscribe({ id, ...track, ...this.#request }, version)));
		// With START and END acceptance is implicit, and the first group may be long in coming.
		if (version.subscribeReply === "start-end-drop") return;
		this.#wait(this.#context.limits.responseMs, () => {
			stream.abort(Code.Timeout);
			this.onAbort(Code.Timeout);
		});
	}

	#onReply(reply: SubscribeReply): void {
		switch (reply.reply) {
			case "ok":
				this.#cancelWait?.();
				if (!this.#hasInfo) this.#inform(TRACK_INFO_DEFAULT);
				return;
			case "start":
				return;
			case "end":
				this.#final = reply.group;
				return;
			case "drop":
				if (this.#hasInfo) this.#sink.onDropped(reply.start, reply.end, reply.code);
				return;
		}
	}

	#inform(info: TrackInfo): void {
		this.#hasInfo = true;
		this.#sink.onInfo(info);
	}

	#endIfComplete(): void {
		if (this.#state !== "ending" || this.#groups.size > 0) return;
		if (this.#final !== undefined && this.#next >= this.#final) this.#end();
	}

	/** What is still open at the end goes on by itself, as its stream does. */
	#end(): void {
		if (this.#state !== "ending") return;
		const final = this.#final ?? (this.#next > 0 ? this.#next : undefined);
		this.#groups.clear();
		if (this.#leave(Code.Cancel)) this.#sink.onEnd(final);
	}

	#wait(delayMs: number, run: () => void): void {
		this.#cancelWait?.();
		this.#cancelWait = this.#context.clock.after(delayMs, run);
	}

	/** Stop expecting anything; false when that was done before. */
	#leave(code: number): boolean {
		if (this.#state === "over") return false;
		this.#state = "over";
		this.#cancelWait?.();
		for (const group of this.#groups) group.give(code);
		this.#options.onOver();
		this.#context.sink.onUnsubscribed?.(this.#event, code);
		return true;
	}
}
