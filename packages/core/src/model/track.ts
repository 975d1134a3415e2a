/**
 * One track of a broadcast: one subscription upstream, any number of viewers.
 * @module
 */
import { APP_CODE_FIRST, Code } from "@moq-relay/wire";
import type { Datagram } from "./datagram.ts";
import { Feed, type FeedOwner } from "./feed.ts";
import { Group, type GroupForm, type GroupObserver } from "./group.ts";
import { GroupStore } from "./group-store.ts";
import { InterruptedGroups } from "./interrupted-groups.ts";
import { FAILURE_GRACE_MS, INTERRUPTED_MS } from "./limits.ts";
import { mergeRequests } from "./merge.ts";
import { SequenceSet } from "./sequence-set.ts";
import { keepMsOf, type Settings } from "./settings.ts";
import { type Source, type SubscribeRequest, TRACK_INFO_DEFAULT, type TrackInfo } from "./source.ts";
import { isEarlier, Subscriber, type SubscriberOwner } from "./subscriber.ts";
import type { TrackSink, TrackSubscription } from "./subscription.ts";

/** What a track is made for. */
export interface TrackOptions {
	readonly name: string;
	readonly settings: Settings;
	/** Where to subscribe; undefined while the broadcast has no source. */
	readonly source: Source | undefined;
	/** What that source has said of the track a moment ago. */
	readonly known: TrackInfo | undefined;
	/** The track is over or unused: its owner forgets it. Called once. */
	readonly onGone: (track: Track) => void;
}

/**
 * Subscribes upstream while someone watches and a moment longer. A change of source is made between groups: groups that
 * have begun end on the old source while it lives, the new one is asked for what follows. Those whose source is lost
 * stay open, and go on where the next one has the same bytes.
 */
export class Track implements SubscriberOwner, FeedOwner, GroupObserver {
	readonly name: string;
	readonly #options: TrackOptions;
	readonly #settings: Settings;
	readonly #store: GroupStore;
	readonly #subscribers: Set<Subscriber> = new Set();
	/** Sequences that were accepted, aborted ones excepted. */
	readonly #seen: SequenceSet = new SequenceSet();
	/** The open feed first, then those that drain. */
	readonly #feeds: Set<Feed> = new Set();
	#feed: Feed | undefined;
	readonly #interrupted: InterruptedGroups = new InterruptedGroups();
	#cancelInterrupted: (() => void) | undefined;
	#source: Source | undefined;
	#info: TrackInfo | undefined;
	/** For the first feed; later ones ask again. */
	#known: TrackInfo | undefined;
	#end: { readonly finalGroup: number | undefined } | undefined;
	/** What the end is called once the broadcast was unannounced: a plain end, or a code; undefined before. */
	#finishing: "end" | number | undefined;
	#gone = false;
	#cancelLinger: (() => void) | undefined;
	/** Set while a running subscription has broken and its source may be about to change. */
	#cancelFailure: (() => void) | undefined;

	constructor(options: TrackOptions) {
		this.name = options.name;
		this.#options = options;
		this.#settings = options.settings;
		this.#source = options.source;
		this.#known = options.known;
		this.#store = new GroupStore(options.settings, keepMsOf(options.settings, TRACK_INFO_DEFAULT.latencyMaxMs));
	}

	/** What the publisher said of the track; undefined until it did. */
	get info(): TrackInfo | undefined {
		return this.#info;
	}

	/** Whether a subscription upstream is open for viewers. */
	get isRunning(): boolean {
		return this.#feed !== undefined && this.#subscribers.size > 0;
	}

	/** A cached group, complete or in progress. */
	group(sequence: number): Group | undefined {
		return this.#store.get(sequence);
	}

	/** Add a viewer. What is cached and wanted is delivered inside the call. */
	subscribe(request: SubscribeRequest, sink: TrackSink): TrackSubscription {
		const subscriber = new Subscriber(this, request, sink);
		this.#subscribers.add(subscriber);
		this.#cancelLinger?.();
		this.#cancelLinger = undefined;
		if (this.#info !== undefined) subscriber.info(this.#info);
		this.#replay(subscriber);
		if (this.#end !== undefined) {
			this.#subscribers.delete(subscriber);
			subscriber.end(this.#end.finalGroup);
			this.#lingerIfUnused();
		} else if (this.#feed === undefined) {
			this.#openFeed();
		} else {
			this.#review();
		}
		return subscriber;
	}

	/** Go on with another source of the same publisher; undefined waits for one. */
	switchTo(source: Source | undefined): void {
		if (source === this.#source) return;
		this.#source = source;
		const before = this.#feed;
		this.#feed = undefined;
		before?.drain();
		if (this.#end === undefined) this.#openFeed();
	}

	/** A source is no more: what it had in progress waits for the next one, or is lost if that has begun further on. */
	withdraw(source: Source): void {
		for (const feed of this.#feeds) {
			if (feed.source !== source) continue;
			this.#feeds.delete(feed);
			if (this.#feed !== feed) feed.close(Code.Dropped);
			else this.#interrupt(feed);
		}
		if (this.#source !== source) return;
		this.#source = undefined;
		this.#forgiveFailure();
	}

	/**
	 * The broadcast was unannounced: what is under way may end. An error then counts as the end where its publisher
	 * unannounced it, and is told as `code` where a relay did, whose viewers may find another way.
	 */
	finish(code?: number): void {
		this.#finishing = code ?? "end";
		if (this.#subscribers.size === 0 || this.#feed === undefined) this.#finishNow();
	}

	/** End all viewers as `finish` was told, now. */
	finishNow(): void {
		this.#finishNow();
	}

	/** End all viewers with a stream code. */
	fail(code: number): void {
		if (this.#gone) return;
		this.#leave(code);
		for (const subscriber of this.#takeSubscribers()) subscriber.fail(code);
	}

	onUpdate(subscriber: Subscriber, before: SubscribeRequest): void {
		const { endGroup } = subscriber.request;
		const isResumed = before.endGroup !== undefined && (endGroup === undefined || endGroup > before.endGroup);
		if (isResumed) for (const group of this.#store.from(before.endGroup + 1)) subscriber.offer(group);
		if (isEarlier(subscriber.request, before)) this.#replay(subscriber);
		this.#review();
	}

	onLeave(subscriber: Subscriber): void {
		this.#subscribers.delete(subscriber);
		this.#lingerIfUnused();
		this.#review();
	}

	onFault(thrown: unknown): void {
		this.#settings.onFault(thrown);
	}

	wanted(feed: Feed): SubscribeRequest | undefined {
		if (this.#subscribers.size === 0) return undefined;
		const merged = this.#merged();
		const latest = this.#seen.max;
		if (merged.startGroup !== undefined && latest !== undefined) {
			// Older groups may come for one viewer; those who began at the latest are not to get them.
			for (const subscriber of this.#subscribers) subscriber.settle(latest);
		}
		// A start that was reached or comes next is as good as none, and changing it might bring groups again.
		const isReached = feed.startGroup !== undefined && feed.startGroup <= (latest ?? -1) + 1;
		return { ...merged, startGroup: merged.startGroup ?? (isReached ? feed.startGroup : undefined) };
	}

	onInfo(info: TrackInfo): void {
		// Viewers were told the first one; a later source's timestamps are converted to it.
		if (this.#info !== undefined) return;
		this.#info = info;
		this.#store.keepMs = keepMsOf(this.#settings, info.latencyMaxMs);
		for (const subscriber of this.#subscribers) subscriber.info(info);
	}

	onGroup(sequence: number, form: GroupForm): Group | undefined {
		const interrupted = this.#interrupted.take(sequence);
		if (interrupted?.takes(form)) return interrupted;
		interrupted?.abort(Code.Dropped);
		const isFirst = this.#seen.max === undefined;
		if (!this.#seen.add(sequence)) return undefined;
		if (this.#info === undefined) this.onInfo(TRACK_INFO_DEFAULT);
		const timescale = this.#info?.timescale ?? TRACK_INFO_DEFAULT.timescale;
		const group = new Group({
			sequence,
			encoding: form.encoding,
			timescale,
			sourceTimescale: form.timescale ?? timescale,
			wallMs: () => this.#settings.clock.wallMs(),
			observer: this,
		});
		this.#store.add(group);
		// An old group may be more than a full cache can take.
		if (group.state !== "open") return undefined;
		for (const subscriber of this.#subscribers) subscriber.offer(group);
		// Only now is it known which starts lie in the past.
		if (isFirst) this.#review();
		return group;
	}

	onDatagram(datagram: Datagram, timescale: number | undefined): void {
		if (!this.#seen.add(datagram.sequence)) return;
		const scaled = this.#scale(datagram, timescale);
		for (const subscriber of this.#subscribers) subscriber.datagram(scaled);
	}

	onDropped(start: number, end: number, code: number): void {
		for (const subscriber of this.#subscribers) subscriber.dropped(start, end, code);
	}

	onEnd(feed: Feed, finalGroup: number | undefined): void {
		this.#feeds.delete(feed);
		this.#feed = undefined;
		this.#giveUpInterrupted(Code.Dropped);
		this.#end = { finalGroup };
		for (const subscriber of this.#takeSubscribers()) subscriber.end(finalGroup);
		this.#lingerIfUnused();
	}

	onError(feed: Feed, code: number): void {
		this.#feeds.delete(feed);
		this.#feed = undefined;
		if (this.#finishing !== undefined) this.#finishNow();
		else if (this.#info === undefined || code >= APP_CODE_FIRST) this.fail(code);
		else this.#cancelFailure = this.#settings.clock.after(FAILURE_GRACE_MS, () => this.fail(code));
	}

	onDrained(feed: Feed): void {
		this.#feeds.delete(feed);
	}

	onGrow(group: Group, bytes: number): void {
		this.#store.grow(group, bytes);
	}

	onGroupEnd(group: Group): void {
		if (group.state === "aborted") {
			// Another source may still have it whole, for viewers who come later.
			if (this.#store.get(group.sequence) === group) this.#seen.delete(group.sequence);
			this.#store.remove(group);
		}
		this.#interrupted.forget(group);
		for (const feed of this.#feeds) feed.groupEnded(group);
	}

	#scale(datagram: Datagram, from: number | undefined): Datagram {
		const to = this.#info?.timescale;
		if (from === undefined || to === undefined || from === to) return datagram;
		return { ...datagram, timestamp: Math.round((datagram.timestamp / from) * to) };
	}

	#replay(subscriber: Subscriber): void {
		const { startGroup } = subscriber.request;
		if (startGroup !== undefined) {
			for (const group of this.#store.from(startGroup)) subscriber.offer(group);
			return;
		}
		const { latest } = this.#store;
		if (latest === undefined) return;
		subscriber.settle(latest.sequence);
		subscriber.offer(latest);
	}

	#merged(): SubscribeRequest {
		const requests = [...this.#subscribers].map((subscriber) => subscriber.request);
		return mergeRequests(requests, this.#seen.max);
	}

	/** The source of the open feed is gone; whoever comes next may have what it had begun. */
	#interrupt(feed: Feed): void {
		this.#feed = undefined;
		for (const group of feed.abandon()) this.#interrupted.add(group, this.#seen.max ?? group.sequence);
	}

	#giveUpInterrupted(code: number): void {
		this.#cancelInterrupted?.();
		this.#cancelInterrupted = undefined;
		this.#interrupted.abort(code);
	}

	#openFeed(): void {
		const source = this.#source;
		if (source === undefined || this.#gone || this.#subscribers.size === 0) return;
		this.#forgiveFailure();
		const merged = this.#merged();
		const next = this.#seen.max === undefined ? undefined : this.#seen.max + 1;
		const resume = this.#interrupted.first ?? next;
		const startGroup = resume === undefined ? merged.startGroup : Math.max(resume, merged.startGroup ?? 0);
		const known = source === this.#options.source ? this.#known : undefined;
		this.#known = undefined;
		const options = { track: this.name, source, known, settings: this.#settings, owner: this };
		const feed = new Feed(options, { ...merged, startGroup });
		this.#feeds.add(feed);
		this.#feed = feed;
		feed.open();
		if (this.#interrupted.first === undefined) return;
		this.#cancelInterrupted?.();
		const { clock } = this.#settings;
		this.#cancelInterrupted = clock.after(INTERRUPTED_MS, () => this.#giveUpInterrupted(Code.Dropped));
	}

	#forgiveFailure(): void {
		this.#cancelFailure?.();
		this.#cancelFailure = undefined;
	}

	#review(): void {
		if (this.#subscribers.size > 0) this.#feed?.review();
	}

	#takeSubscribers(): Subscriber[] {
		const taken = [...this.#subscribers];
		this.#subscribers.clear();
		return taken;
	}

	#lingerIfUnused(): void {
		if (this.#subscribers.size > 0 || this.#gone) return;
		this.#cancelLinger ??= this.#settings.clock.after(this.#settings.trackLingerMs, () => this.#leave(Code.Cancel));
	}

	#finishNow(): void {
		if (this.#gone) return;
		if (typeof this.#finishing === "number") {
			this.fail(this.#finishing);
			return;
		}
		this.#leave(Code.Cancel);
		for (const subscriber of this.#takeSubscribers()) subscriber.end(undefined);
	}

	/** Close everything upstream and let the owner forget the track; `code` ends groups in progress. */
	#leave(code: number): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#forgiveFailure();
		this.#cancelLinger?.();
		this.#cancelLinger = undefined;
		this.#options.onGone(this);
		for (const feed of this.#feeds) feed.close(code);
		this.#feeds.clear();
		this.#feed = undefined;
		this.#giveUpInterrupted(code);
		this.#store.retire();
	}
}
