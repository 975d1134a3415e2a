/**
 * One track that this process publishes.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Frame } from "./group-reader.ts";
import { LOCAL_BYTES_MAX, LOCAL_GROUPS_MAX } from "./limits.ts";
import { LocalGroup } from "./local-group.ts";
import { isSameRequest, mergeRequests } from "./merge.ts";
import type { FetchSink, SubscribeRequest, TrackInfo, UpstreamSink, UpstreamSubscription } from "./source.ts";

/** Told whenever what all subscribers together want changes; undefined: no one wants the track any more. */
export type Demand = (request: SubscribeRequest | undefined) => void;

/** Groups in sequence, the latest of them kept for those who come late. Made by `LocalBroadcast.track`. */
export class LocalTrack {
	readonly name: string;
	readonly info: TrackInfo;
	readonly #onDemand: Demand;
	readonly #subscriptions: Set<LocalSubscription> = new Set();
	#groups: LocalGroup[] = [];
	#next = 0;
	#isEnded = false;
	#demand: SubscribeRequest | undefined;

	constructor(name: string, info: TrackInfo, onDemand: Demand) {
		this.name = name;
		this.info = info;
		this.#onDemand = onDemand;
	}

	/** What all subscribers together want; undefined when there are none. */
	get demand(): SubscribeRequest | undefined {
		return this.#demand;
	}

	get isEnded(): boolean {
		return this.#isEnded;
	}

	/** Begin the next group. @throws TypeError after `end`. */
	group(): LocalGroup {
		const group = new LocalGroup(this.#take());
		this.#groups.push(group);
		this.#trim();
		for (const subscription of this.#subscriptions) subscription.offer(group);
		return group;
	}

	/** A group of one frame, sent as a datagram: it may be lost, and no one gets it late. @throws TypeError after `end`. */
	datagram(frame: Frame): void {
		const sequence = this.#take();
		for (const subscription of this.#subscriptions) subscription.datagram(sequence, frame);
	}

	/** No further group; those that are open go on. */
	end(): void {
		if (this.#isEnded) return;
		this.#isEnded = true;
		for (const subscription of this.#takeSubscriptions()) subscription.sink.onEnd(this.#next);
	}

	/** End everything with a stream code. */
	abort(code: number): void {
		this.#isEnded = true;
		for (const group of this.#groups) group.abort(code);
		for (const subscription of this.#takeSubscriptions()) subscription.sink.onError(code);
	}

	/** For `LocalBroadcast`. */
	subscribe(request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		const subscription = new LocalSubscription(request, sink);
		this.#subscriptions.add(subscription);
		sink.onInfo(this.info);
		const latest = this.#groups.findLast((group) => !group.isAborted);
		const first = request.startGroup ?? latest?.sequence ?? 0;
		for (const group of this.#groups) {
			if (group.sequence >= first) subscription.offer(group);
		}
		if (this.#isEnded) {
			this.#subscriptions.delete(subscription);
			if (!subscription.isClosed) sink.onEnd(this.#next);
		}
		this.#review();
		return {
			update: (changed) => {
				const before = subscription.request.endGroup;
				subscription.request = changed;
				if (before !== undefined) {
					for (const group of this.#groups) if (group.sequence > before) subscription.offer(group);
				}
				this.#review();
			},
			close: () => {
				subscription.close();
				this.#subscriptions.delete(subscription);
				this.#review();
			},
		};
	}

	/** For `LocalBroadcast`. */
	fetch(sequence: number, sink: FetchSink): () => void {
		const group = this.#groups.find((kept) => kept.sequence === sequence && !kept.isAborted);
		if (group !== undefined) return group.feed(sink.onGroup("lite-05"));
		sink.onError(Code.NotFound);
		return () => {};
	}

	#take(): number {
		if (this.#isEnded) throw new TypeError(`track ${this.name} has ended`);
		this.#next += 1;
		return this.#next - 1;
	}

	/** Keep the latest groups, by count and bytes; the newest always stays. */
	#trim(): void {
		let bytes = 0;
		let first = this.#groups.length - 1;
		for (let at = first; at >= 0 && this.#groups.length - at <= LOCAL_GROUPS_MAX; at--) {
			bytes += this.#groups[at]?.byteLength ?? 0;
			if (bytes > LOCAL_BYTES_MAX) break;
			first = at;
		}
		this.#groups = this.#groups.slice(first);
	}

	#takeSubscriptions(): LocalSubscription[] {
		const taken = [...this.#subscriptions].filter((subscription) => !subscription.isClosed);
		this.#subscriptions.clear();
		this.#review();
		return taken;
	}

	#review(): void {
		const requests = [...this.#subscriptions].map((subscription) => subscription.request);
		const before = this.#demand;
		const after = requests.length === 0 ? undefined : mergeRequests(requests, this.#next - 1);
		if (before === after || (before !== undefined && after !== undefined && isSameRequest(before, after))) return;
		this.#demand = after;
		this.#onDemand(after);
	}
}

class LocalSubscription {
	readonly sink: UpstreamSink;
	request: SubscribeRequest;
	readonly #detach: Map<LocalGroup, () => void> = new Map();
	#closed = false;

	constructor(request: SubscribeRequest, sink: UpstreamSink) {
		this.request = request;
		this.sink = sink;
	}

	get isClosed(): boolean {
		return this.#closed;
	}

	offer(group: LocalGroup): void {
		if (this.#closed || group.isAborted || !this.#isWanted(group.sequence)) return;
		const writer = this.sink.onGroup(group.sequence, "lite-05");
		if (writer === undefined) return;
		for (const held of this.#detach.keys()) if (!held.isOpen) this.#detach.delete(held);
		this.#detach.set(group, group.feed(writer));
	}

	datagram(sequence: number, frame: Frame): void {
		if (this.#closed || !this.#isWanted(sequence)) return;
		this.sink.onDatagram(sequence, frame.timestamp, frame.payload);
	}

	close(): void {
		this.#closed = true;
		for (const detach of this.#detach.values()) detach();
		this.#detach.clear();
	}

	#isWanted(sequence: number): boolean {
		const { startGroup, endGroup } = this.request;
		return sequence >= (startGroup ?? 0) && sequence <= (endGroup ?? Number.POSITIVE_INFINITY);
	}
}
