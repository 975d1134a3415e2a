/**
 * One subscription of the peer: a track of ours, played on a lane of its own.
 * @module
 */
import {
	Code,
	type Delivery,
	decodeSubscribeUpdate,
	encodeDatagram,
	encodeGroupHeader,
	encodeSubscribeReply,
	LATENCY_MS_DEFAULT,
	type Subscribe,
	type SubscribeReply,
} from "@moq-relay/wire";
import type { Broadcast } from "../model/broadcast.ts";
import type { Datagram } from "../model/datagram.ts";
import type { Group } from "../model/group.ts";
import type { SubscribeRequest } from "../model/source.ts";
import type { TrackSink, TrackSubscription } from "../model/subscription.ts";
import type { Lane, LanePolicy } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import type { SessionLimits } from "./limits.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import type { SubscriptionEvent } from "./sink.ts";

/** What the table tells a new subscription. */
export interface ServedOptions {
	readonly request: Subscribe;
	/** Full path of the broadcast. */
	readonly path: string;
	/** Called once, when the id is free again. */
	readonly onOver: () => void;
}

/** A running subscription: the peer's messages come in as a `MessageHandler`, the track's groups as a `TrackSink`. */
export class ServedSubscription implements MessageHandler, TrackSink {
	readonly part = "subscribe";
	/** The broadcast as the peer calls it. */
	readonly name: string;
	readonly #context: SessionContext;
	readonly #stream: MessageStream;
	readonly #request: Subscribe;
	readonly #event: SubscriptionEvent;
	readonly #onOver: () => void;
	/** Whether replies tell the range: START once the first group is known, END, and DROP. */
	readonly #tellsRange: boolean;
	readonly #lane: Lane;
	#track: TrackSubscription | undefined;
	#first: number | undefined;
	#next = 0;
	#state: "serving" | "draining" | "over" = "serving";
	#cancelDrain: (() => void) | undefined;

	constructor(context: SessionContext, stream: MessageStream, options: ServedOptions) {
		this.name = options.request.broadcast;
		this.#context = context;
		this.#stream = stream;
		this.#request = options.request;
		this.#onOver = options.onOver;
		this.#event = { side: "serving", path: options.path, track: options.request.track };
		this.#tellsRange = context.version.subscribeReply === "start-end-drop";
		this.#lane = context.connection.lane(lanePolicy(options.request, context.limits), {
			onDropped: (tags, reason) => this.#onLaneDropped(tags, reason),
			onDrained: () => this.#finish(),
		});
	}

	/** Attach to the track; events may come before this returns. */
	start(broadcast: Broadcast): void {
		this.#context.sink.onSubscribed?.(this.#event);
		const track = broadcast.subscribe(this.#request.track, wanted(this.#request, this.#context.limits), this);
		if (this.#state === "serving") this.#track = track;
	}

	/** SUBSCRIBE_UPDATE. */
	onMessage(body: Uint8Array): void {
		const update = decodeSubscribeUpdate(body, this.#context.version);
		if (this.#state !== "serving") return;
		this.#lane.update(lanePolicy(update, this.#context.limits));
		this.#track?.update(wanted(update, this.#context.limits));
	}

	/** The peer unsubscribes. */
	onFinish(): void {
		if (!this.#leave(Code.Cancel)) return;
		this.#stream.finish();
	}

	onAbort(code: number): void {
		this.#leave(code);
	}

	/** End it with a code that the peer is told. */
	refuse(code: number): void {
		if (!this.#leave(code)) return;
		this.#stream.abort(code);
	}

	onInfo(): void {
		if (this.#tellsRange) return;
		const { priority, ordered, latencyMs, startGroup, endGroup } = this.#request;
		this.#reply({ reply: "ok", priority, ordered, latencyMs, startGroup, endGroup });
	}

	onGroup(group: Group): void {
		if (this.#state !== "serving") return;
		const sequence = group.sequence;
		if (this.#first === undefined) {
			this.#first = sequence;
			if (this.#tellsRange) this.#reply({ reply: "start", group: sequence });
		} else if (this.#tellsRange && sequence < this.#first && this.#request.startGroup === undefined) {
			// START promised that nothing below it comes: a straggler that nobody asked for is left out. Who named a start, such
			// as a relay that goes on where another one died, wants all from there, in whatever order it arrives here.
			return;
		}
		if (sequence >= this.#next) this.#next = sequence + 1;
		const { counters, version } = this.#context;
		counters.groupsServed++;
		this.#lane.play(group.tape(version.frames), encodeGroupHeader({ subscribe: this.#request.id, sequence }), sequence);
	}

	onDatagram(datagram: Datagram): void {
		const { connection, counters, version } = this.#context;
		// There is no falling back to a stream: a viewer without datagrams misses what is sent as one.
		if (!version.datagrams || connection.info.datagramBytesMax === 0 || this.#state !== "serving") return;
		const bytes = encodeDatagram({ subscribe: this.#request.id, ...datagram });
		if (bytes.length > connection.info.datagramBytesMax) return;
		counters.datagramsServed++;
		this.#lane.datagram(bytes);
	}

	onDropped(start: number, end: number, code: number): void {
		if (this.#tellsRange) this.#reply({ reply: "drop", start, end, code });
	}

	onEnd(finalGroup: number | undefined): void {
		if (this.#state !== "serving") return;
		this.#state = "draining";
		if (this.#tellsRange) this.#reply({ reply: "end", group: finalGroup ?? this.#next });
		// Clients drop what is still coming when they see the FIN, so it waits for the last groups.
		this.#lane.close();
		this.#cancelDrain = this.#context.clock.after(this.#context.limits.drainMs, () => this.#finish());
	}

	onError(code: number): void {
		this.refuse(code);
	}

	#onLaneDropped(tags: readonly number[], reason: "latency" | "budget" | "streams" | "stopped"): void {
		// A client stops each stream that it has read to the end; that is no loss.
		if (reason === "stopped") return;
		this.#context.counters.groupsDropped += tags.length;
		if (this.#state === "over") return;
		for (const tag of tags) this.onDropped(tag, tag, reason === "latency" ? Code.Old : Code.Lagged);
	}

	#finish(): void {
		if (this.#state !== "draining") return;
		this.#leave(Code.Cancel);
		this.#stream.finish();
	}

	/** Detach from everything; false when that was done before. */
	#leave(code: number): boolean {
		if (this.#state === "over") return false;
		const ended = this.#state === "draining";
		this.#state = "over";
		this.#cancelDrain?.();
		this.#track?.close();
		this.#track = undefined;
		if (!ended) this.#lane.close(code);
		this.#onOver();
		this.#context.sink.onUnsubscribed?.(this.#event, code);
		return true;
	}

	#reply(reply: SubscribeReply): void {
		this.#stream.write(encodeSubscribeReply(reply, this.#context.version));
	}
}

/** Latency as it is acted upon: clients say 0 when they mean nothing by it, and it is bounded. */
function latencyOf(delivery: Delivery, limits: SessionLimits): number {
	return delivery.latencyMs === 0 ? LATENCY_MS_DEFAULT : Math.min(delivery.latencyMs, limits.latencyMs);
}

function lanePolicy(delivery: Delivery, limits: SessionLimits): LanePolicy {
	return {
		priority: delivery.priority,
		order: delivery.ordered ? "oldest" : "newest",
		latencyMs: latencyOf(delivery, limits),
		budgetBytes: limits.laneBudgetBytes,
	};
}

function wanted(delivery: Delivery, limits: SessionLimits): SubscribeRequest {
	const { priority, ordered, startGroup, endGroup } = delivery;
	return { priority, ordered, latencyMs: latencyOf(delivery, limits), startGroup, endGroup };
}
