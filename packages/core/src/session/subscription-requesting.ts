/**
 * The subscriptions that we hold on the peer, and the groups that arrive for them.
 * @module
 */
import { Code, decodeDatagram, type Group, Malformed, type Track } from "@moq-relay/wire";
import type { SubscribeRequest, UpstreamSink, UpstreamSubscription } from "../model/source.ts";
import type { RecvStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import type { IncomingGroup } from "./incoming-group.ts";
import { RateLimit } from "./rate.ts";
import { RequestedSubscription } from "./requested-subscription.ts";

/** All subscriptions on one peer, by the id that we chose. */
export class SubscriptionRequesting {
	readonly #context: SessionContext;
	readonly #open: Map<number, RequestedSubscription> = new Map();
	#nextId = 0;
	#groups: RateLimit | undefined;

	constructor(context: SessionContext) {
		this.#context = context;
	}

	get size(): number {
		return this.#open.size;
	}

	/** Subscribe; events arrive in later turns. */
	open(track: Track, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		if (this.#context.over) return failLater(this.#context, sink);
		const id = this.#nextId++;
		const requested = new RequestedSubscription(this.#context, sink, {
			id,
			track,
			request,
			onOver: () => this.#remove(id),
		});
		// Registered before the first byte is sent: the answer may be a group.
		this.#open.set(id, requested);
		this.#context.counters.subscriptionsRequesting++;
		requested.start();
		return requested;
	}

	/**
	 * The head of a group stream is there. Undefined when nobody wants the group.
	 * @throws StreamError when it comes too fast, or for a subscription that was never made.
	 */
	onGroup(group: Group, stream: RecvStream): IncomingGroup | undefined {
		if (!this.#take()) throw new StreamError(Code.BoundsExceeded, "too many groups a second");
		const requested = this.#open.get(group.subscribe);
		if (requested !== undefined) return requested.onGroup(group.sequence, stream);
		// One that has ended is still fed by what was under way.
		if (group.subscribe < this.#nextId) return undefined;
		throw new StreamError(Code.ProtocolViolation, `group of subscription ${group.subscribe}, which nobody made`);
	}

	/** A datagram; what cannot be used is dropped, since nothing of it lives on. */
	onDatagram(bytes: Uint8Array): void {
		const { counters, version } = this.#context;
		counters.bytesReceived += bytes.length;
		counters.datagramsReceived++;
		if (!version.datagrams || !this.#take()) return;
		try {
			const datagram = decodeDatagram(bytes);
			this.#open.get(datagram.subscribe)?.onDatagram(datagram);
		} catch (thrown) {
			if (!(thrown instanceof Malformed)) throw thrown;
			this.#context.report({ dies: "group", part: "datagram", code: thrown.code, reason: thrown.message });
		}
	}

	/** The session is over. */
	close(code: number): void {
		for (const requested of this.#open.values()) requested.onAbort(code);
	}

	/** Count a group, whichever way it came; false when they come too fast. */
	#take(): boolean {
		const { clock, limits } = this.#context;
		this.#groups ??= new RateLimit(clock, { perSecond: limits.groupsPerSecond, burst: limits.groupBurst });
		return this.#groups.take();
	}

	#remove(id: number): void {
		if (this.#open.delete(id)) this.#context.counters.subscriptionsRequesting--;
	}
}

/** The source of a session that has ended is asked once more, before the routing table has heard of it. */
function failLater(context: SessionContext, sink: UpstreamSink): UpstreamSubscription {
	const cancel = context.clock.after(0, () => sink.onError(Code.Dropped));
	return { update: () => {}, close: cancel };
}
