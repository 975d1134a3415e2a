/**
 * One viewer of a track: what it wants, and what it was given.
 * @module
 */
import type { Datagram } from "./datagram.ts";
import type { Group } from "./group.ts";
import { SequenceSet } from "./sequence-set.ts";
import type { SubscribeRequest, TrackInfo } from "./source.ts";
import type { TrackSink, TrackSubscription } from "./subscription.ts";

/** Whom a subscriber tells of its own wishes: its track. */
export interface SubscriberOwner {
	onUpdate(subscriber: Subscriber, before: SubscribeRequest): void;
	onLeave(subscriber: Subscriber): void;
	/** The sink threw. */
	onFault(thrown: unknown): void;
}

/** Passes a track's events on to one sink: each group at most once, and none outside what was asked for. */
export class Subscriber implements TrackSubscription {
	readonly #owner: SubscriberOwner;
	readonly #sink: TrackSink;
	readonly #delivered: SequenceSet = new SequenceSet();
	#request: SubscribeRequest;
	/** Lowest sequence to deliver; undefined while "the latest" is not known. */
	#floor: number | undefined;
	#over = false;

	constructor(owner: SubscriberOwner, request: SubscribeRequest, sink: TrackSink) {
		this.#owner = owner;
		this.#request = request;
		this.#floor = request.startGroup;
		this.#sink = sink;
	}

	get request(): SubscribeRequest {
		return this.#request;
	}

	/** Lowest sequence it may still get; 0 while that is open. */
	get floor(): number {
		return this.#floor ?? 0;
	}

	update(request: SubscribeRequest): void {
		if (this.#over) return;
		const before = this.#request;
		this.#request = request;
		// Before anything has come, an earlier start brings no group again: a relay that asked for what follows another
		// publisher's groups, and then for one more viewer, must not wait for a number that is far away.
		if (isEarlier(request, before) && this.#delivered.min === undefined) this.#floor = request.startGroup;
		else if (request.startGroup !== undefined) this.#floor = Math.max(this.floor, request.startGroup);
		this.#owner.onUpdate(this, before);
	}

	close(): void {
		if (this.#over) return;
		this.#over = true;
		this.#owner.onLeave(this);
	}

	/** Fix where "the latest" was: at what was delivered first, else at `latest`. No effect once the start is known. */
	settle(latest: number): void {
		this.#floor ??= this.#delivered.min ?? latest;
	}

	info(info: TrackInfo): void {
		this.#tell((sink) => sink.onInfo(info));
	}

	/** Deliver the group, unless it was delivered, lies outside the request, or the subscription is over. */
	offer(group: Group): void {
		if (!this.#take(group.sequence)) return;
		this.#tell((sink) => sink.onGroup(group));
	}

	datagram(datagram: Datagram): void {
		if (!this.#take(datagram.sequence)) return;
		this.#tell((sink) => sink.onDatagram(datagram));
	}

	dropped(start: number, end: number, code: number): void {
		if (end < this.floor) return;
		this.#tell((sink) => sink.onDropped(Math.max(start, this.floor), end, code));
	}

	/** The last event. */
	end(finalGroup: number | undefined): void {
		this.#tell((sink) => {
			this.#over = true;
			sink.onEnd(finalGroup);
		});
	}

	/** The last event. */
	fail(code: number): void {
		this.#tell((sink) => {
			this.#over = true;
			sink.onError(code);
		});
	}

	#take(sequence: number): boolean {
		if (this.#over || sequence < this.floor) return false;
		const { endGroup } = this.#request;
		if (endGroup !== undefined && sequence > endGroup) return false;
		return this.#delivered.add(sequence);
	}

	#tell(event: (sink: TrackSink) => void): void {
		if (this.#over) return;
		try {
			event(this.#sink);
		} catch (thrown) {
			this.#owner.onFault(thrown);
		}
	}
}

/** Whether `request` begins before what was asked for. */
export function isEarlier({ startGroup }: SubscribeRequest, before: SubscribeRequest): boolean {
	return before.startGroup !== undefined && (startGroup === undefined || startGroup < before.startGroup);
}
