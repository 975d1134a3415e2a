/**
 * One subscription on one source, as a track uses it.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Encoding } from "../tape.ts";
import type { Datagram } from "./datagram.ts";
import type { Group, GroupForm } from "./group.ts";
import { GroupPen } from "./group-pen.ts";
import { GROUPS_OPEN_MAX, UPDATE_INTERVAL_MS } from "./limits.ts";
import { isSameRequest } from "./merge.ts";
import type { Settings } from "./settings.ts";
import type { GroupWriter, Source, SubscribeRequest, TrackInfo, UpstreamSink, UpstreamSubscription } from "./source.ts";

/** Who takes what a feed brings: its track. */
export interface FeedOwner {
	/** What the feed is to ask for now; undefined is as before. */
	wanted(feed: Feed): SubscribeRequest | undefined;
	onInfo(info: TrackInfo): void;
	/** A group begins, or goes on that another source began; undefined refuses it. */
	onGroup(sequence: number, form: GroupForm): Group | undefined;
	/** `timescale` is that of the source; undefined when it has not said. */
	onDatagram(datagram: Datagram, timescale: number | undefined): void;
	onDropped(start: number, end: number, code: number): void;
	onEnd(feed: Feed, finalGroup: number | undefined): void;
	onError(feed: Feed, code: number): void;
	/** A drained feed has closed. */
	onDrained(feed: Feed): void;
}

/** What a feed is made for. */
export interface FeedOptions {
	readonly track: string;
	readonly source: Source;
	/** What the source has said of the track already. */
	readonly known: TrackInfo | undefined;
	readonly settings: Settings;
	readonly owner: FeedOwner;
}

/** Open while the source delivers, draining while only groups that have begun may end, then closed. */
type FeedState = "open" | "draining" | "closed";

/** Keeps one upstream subscription, its groups in progress, and its request up to date. */
export class Feed implements UpstreamSink {
	readonly source: Source;
	readonly #options: FeedOptions;
	#state: FeedState = "open";
	#subscription: UpstreamSubscription | undefined;
	#timescale: number | undefined;
	readonly #groups: Map<Group, GroupPen> = new Map();
	#sent: SubscribeRequest;
	#cancelReview: (() => void) | undefined;

	constructor(options: FeedOptions, request: SubscribeRequest) {
		this.source = options.source;
		this.#options = options;
		this.#sent = request;
	}

	/** For the source. */
	get known(): TrackInfo | undefined {
		return this.#options.known;
	}

	/** Where upstream was asked to begin; undefined is at its latest. */
	get startGroup(): number | undefined {
		return this.#sent.startGroup;
	}

	/** Subscribe. Apart from the constructor, because the source may answer inside the call. */
	open(): void {
		const subscription = this.source.subscribe(this.#options.track, this.#sent, this);
		if (this.#state === "closed") subscription.close();
		else this.#subscription = subscription;
	}

	/** What is wanted may have changed: it is looked at once for all changes of an interval, however many viewers come. */
	review(): void {
		if (this.#state !== "open") return;
		this.#cancelReview ??= this.#options.settings.clock.after(UPDATE_INTERVAL_MS, () => {
			this.#cancelReview = undefined;
			const wanted = this.#options.owner.wanted(this);
			if (wanted === undefined || isSameRequest(wanted, this.#sent)) return;
			this.#sent = wanted;
			this.#subscription?.update(wanted);
		});
	}

	/** Take no new group; close when those that have begun are over. */
	drain(): void {
		if (this.#state !== "open") return;
		this.#state = "draining";
		this.#dropReview();
		this.#closeIfDrained();
	}

	/** Unsubscribe; groups in progress are aborted with `code`. */
	close(code: number): void {
		if (this.#state === "closed") return;
		this.#finish();
		this.#subscription?.close();
		for (const group of this.#groups.keys()) group.abort(code);
	}

	/** Unsubscribe from a source that is no more; its groups in progress, which another one may go on with. */
	abandon(): Group[] {
		if (this.#state === "closed") return [];
		this.#finish();
		const groups = [...this.#groups.keys()];
		for (const pen of this.#groups.values()) pen.takeAway();
		this.#groups.clear();
		this.#subscription?.close();
		return groups;
	}

	/** One of its groups finished or aborted. */
	groupEnded(group: Group): void {
		if (this.#groups.delete(group)) this.#closeIfDrained();
	}

	onInfo(info: TrackInfo): void {
		if (this.#state !== "open") return;
		this.#timescale = info.timescale;
		this.#options.owner.onInfo(info);
	}

	onGroup(sequence: number, encoding: Encoding): GroupWriter | undefined {
		const group = this.#begin(sequence, encoding);
		if (group === undefined) return undefined;
		const pen: GroupPen = new GroupPen(group, { onDiffers: () => this.#beginAgain(pen, sequence, encoding) });
		this.#groups.set(group, pen);
		this.#boundGroups();
		return pen;
	}

	onDatagram(sequence: number, timestamp: number, payload: Uint8Array): void {
		if (this.#state === "open") {
			this.#options.owner.onDatagram({ sequence, timestamp, payload }, this.#timescale);
		}
	}

	onDropped(start: number, end: number, code: number): void {
		if (this.#state === "open") this.#options.owner.onDropped(start, end, code);
	}

	onEnd(finalGroup: number | undefined): void {
		this.#over(() => this.#options.owner.onEnd(this, finalGroup));
	}

	onError(code: number): void {
		this.#over(() => this.#options.owner.onError(this, code));
	}

	/** A group that the source may write; it is open. */
	#begin(sequence: number, encoding: Encoding): Group | undefined {
		if (this.#state !== "open") return undefined;
		const group = this.#options.owner.onGroup(sequence, { encoding, timescale: this.#timescale });
		// A full cache, or a viewer's answer, may have ended it already.
		if (group?.state !== "open") return undefined;
		if (!this.#isClosed()) return group;
		group.abort(Code.Dropped);
		return undefined;
	}

	#beginAgain(pen: GroupPen, sequence: number, encoding: Encoding): Group | undefined {
		const group = this.#begin(sequence, encoding);
		if (group !== undefined) this.#groups.set(group, pen);
		return group;
	}

	/** The source ended the subscription; groups in progress go on by themselves. */
	#over(tell: () => void): void {
		const state = this.#state;
		if (state === "closed") return;
		this.#finish();
		if (state === "open") tell();
		else this.#options.owner.onDrained(this);
	}

	#isClosed(): boolean {
		return this.#state === "closed";
	}

	#closeIfDrained(): void {
		if (this.#state !== "draining" || this.#groups.size > 0) return;
		this.#finish();
		this.#subscription?.close();
		this.#options.owner.onDrained(this);
	}

	#finish(): void {
		this.#state = "closed";
		this.#dropReview();
	}

	#boundGroups(): void {
		if (this.#groups.size <= GROUPS_OPEN_MAX) return;
		let oldest: Group | undefined;
		for (const group of this.#groups.keys())
			if (oldest === undefined || group.sequence < oldest.sequence) oldest = group;
		oldest?.abort(Code.BoundsExceeded);
	}

	#dropReview(): void {
		this.#cancelReview?.();
		this.#cancelReview = undefined;
	}
}
