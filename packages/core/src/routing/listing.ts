/**
 * One path of the routing table: who offers it, which offer is used, and how it ends.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { Broadcast } from "../model/broadcast.ts";
import {
	ANNOUNCEMENTS_PER_PATH_MAX,
	BROADCAST_DRAIN_MS,
	CONTEST_MS,
	CONTEST_RESTARTS,
	HOLD_DOWN_MS,
	PUBLISHER_TIE_MS,
	WITHDRAWN_MS,
} from "../model/limits.ts";
import type { Route } from "../model/route.ts";
import type { Settings } from "../model/settings.ts";
import type { Source } from "../model/source.ts";
import { type Candidate, chooseBest, compareRoutes, isSamePublisher, type Since } from "./preference.ts";
import { PublisherAges } from "./publisher-ages.ts";

/** One announcement of the path. */
export interface Offer extends Candidate {
	route: Route;
	publisherSince: Since;
	readonly source: Source;
}

/** What happened to the path, for whoever listens. `before` is undefined when it was not announced, `after` when it ended. */
export interface Change {
	readonly path: string;
	readonly before: Route | undefined;
	readonly after: Route | undefined;
	/** True when the groups of another publisher follow. */
	readonly restart: boolean;
	/** Who is told; undefined is everybody. */
	readonly to?: "relays" | "viewers";
}

/** What a listing is given. */
export interface ListingOptions {
	readonly path: string;
	readonly settings: Settings;
	/** How long the path stays announced after its last session was lost, in ms. */
	readonly lingerMs: number;
	readonly onChange: (change: Change) => void;
	/** The path has ended: the table forgets the listing. */
	readonly onEmpty: (listing: Listing) => void;
}

/** How an offer ends. */
export type OfferEnd = "closed" | "lost" | "resting";

/** Chooses among the offers of one path and keeps its broadcast on the best of them. */
export class Listing {
	readonly path: string;
	readonly #options: ListingOptions;
	readonly #offers: Set<Offer> = new Set();
	#current: Offer | undefined;
	/** The route as announced; stays while the path lingers without an offer. */
	#route: Route | undefined;
	#broadcast: Broadcast | undefined;
	#cancelLinger: (() => void) | undefined;
	/** Relays were told the end and viewers were not: no way is left, and another may come. */
	#isHidden = false;
	/** Set while a longer way is in use that has not been told. */
	#cancelTell: (() => void) | undefined;
	readonly #ages: PublisherAges;
	/** When publishers replaced each other of late; no longer than `CONTEST_RESTARTS`. */
	#restartsMs: number[] = [];

	constructor(options: ListingOptions) {
		this.path = options.path;
		this.#options = options;
		this.#ages = new PublisherAges(options.settings.clock);
	}

	/** The route as announced; undefined before the first offer and after the end. */
	get route(): Route | undefined {
		return this.#route;
	}

	get broadcast(): Broadcast | undefined {
		return this.#broadcast;
	}

	/** False while the path waits for a source to return. */
	get isOffered(): boolean {
		return this.#offers.size > 0;
	}

	get isFull(): boolean {
		return this.#offers.size >= ANNOUNCEMENTS_PER_PATH_MAX;
	}

	add(route: Route, source: Source): Offer {
		const offer: Offer = { route, source, publisherSince: this.#sinceOf(route) };
		this.#offers.add(offer);
		this.#choose();
		return offer;
	}

	/** The offer's route changed. */
	update(offer: Offer, route: Route): void {
		if (!isSamePublisher(offer.route, route)) {
			this.#ages.seen(offer.route);
			offer.publisherSince = this.#sinceOf(route);
		}
		offer.route = route;
		this.#choose();
	}

	/** The offer ends, or (its route being unusable) rests, which its source survives. */
	remove(offer: Offer, end: OfferEnd): void {
		if (!this.#offers.delete(offer)) return;
		this.#ages.seen(offer.route);
		const isCurrent = this.#current === offer;
		if (isCurrent) this.#current = undefined;
		if (this.#offers.size > 0) {
			// While other offers continue the broadcast, what this source has in progress may end if it still lives.
			if (end === "lost") this.#broadcast?.withdraw(offer.source);
			this.#choose();
			return;
		}
		const isOver = end === "closed" && offer.route.hops.length <= 1;
		if (isOver || (end === "lost" && this.#options.lingerMs === 0)) {
			this.#end(end);
			return;
		}
		if (end === "lost") this.#broadcast?.withdraw(offer.source);
		if (end === "resting") this.#broadcast?.switchTo(undefined);
		this.#await(end, this.#options.settings.clock.nowMs() + this.#options.lingerMs);
		this.#hide();
	}

	/** Relays that have their way from here turn to others at once, and offer us theirs. */
	#hide(): void {
		const before = this.#route;
		if (before === undefined) return;
		this.#isHidden = true;
		this.#dropTelling();
		this.#options.onChange({ path: this.path, before, after: undefined, restart: false, to: "relays" });
	}

	/**
	 * Wait for another way. What was lost may return until `untilMs`. A relay that withdraws its way does not say why: where
	 * the broadcast is over, its tracks end too; where a link broke further up, that relay waits, and they stay open.
	 */
	#await(end: OfferEnd, untilMs: number): void {
		const { clock } = this.#options.settings;
		const leftMs = untilMs - clock.nowMs();
		this.#cancelLinger = clock.after(end === "lost" ? leftMs : WITHDRAWN_MS, () => {
			if (this.#broadcast?.isRunning !== true) this.#end(end);
			else if (clock.nowMs() < untilMs) this.#await(end, untilMs);
			// What runs has had the time that another way may take.
			else this.#end("lost");
		});
	}

	#choose(): void {
		const best = chooseBest(this.path, this.#offers, this.#tieMs());
		if (best === undefined) return;
		this.#cancelLinger?.();
		this.#cancelLinger = undefined;
		const before = this.#route;
		const isMoved = best !== this.#current;
		this.#current = best;
		if (!isMoved && before === best.route) return;
		const restart = before !== undefined && !isContinued(before, best.route, isMoved);
		const old = this.#broadcast;
		if (before !== undefined && old !== undefined && !restart) {
			old.switchTo(best.source);
			this.#move(before, best.route);
			return;
		}
		if (restart) this.#noteRestart();
		this.#broadcast = new Broadcast({ path: this.path, settings: this.#options.settings, source: best.source });
		this.#tell(best.route, restart);
		if (restart) old?.fail(Code.Dropped);
	}

	/**
	 * The same publisher by another way. A better one is told at once. One that is no better waits: the next may be about
	 * to go too, and relays of a mesh that told each other of every way that is left would try them all, which are as many
	 * as there are orders of the relays.
	 */
	#move(before: Route, after: Route): void {
		if (this.#isHidden) {
			this.#tell(after, false);
		} else if (isSameRoute(before, after)) {
			this.#dropTelling();
			this.#route = after;
		} else if (compareRoutes(this.path, after, before) < 0) {
			this.#tell(after, false);
		} else {
			this.#cancelTell ??= this.#options.settings.clock.after(HOLD_DOWN_MS, () => {
				this.#cancelTell = undefined;
				if (this.#current !== undefined) this.#tell(this.#current.route, false);
			});
		}
	}

	#tell(after: Route, restart: boolean): void {
		this.#dropTelling();
		const before = this.#route;
		this.#route = after;
		if (!this.#isHidden) {
			this.#options.onChange({ path: this.path, before, after, restart });
			return;
		}
		this.#isHidden = false;
		const isNews = before === undefined || restart || !isSameRoute(before, after);
		if (isNews) this.#options.onChange({ path: this.path, before, after, restart, to: "viewers" });
		this.#options.onChange({ path: this.path, before: undefined, after, restart: false, to: "relays" });
	}

	#dropTelling(): void {
		this.#cancelTell?.();
		this.#cancelTell = undefined;
	}

	/** The age of the route's publisher, and from now on of all its offers. */
	#sinceOf(route: Route): Since {
		const offers = [...this.#offers].filter((offer) => isSamePublisher(offer.route, route));
		for (const offer of offers) this.#ages.seen(offer.route);
		const since = this.#ages.sinceOf(route);
		for (const offer of offers) offer.publisherSince = since;
		return since;
	}

	/** Publishers that replace each other over and over are compared without regard to age: that alone will end it. */
	#tieMs(): number {
		const nowMs = this.#options.settings.clock.nowMs();
		this.#restartsMs = this.#restartsMs.filter((atMs) => nowMs - atMs < CONTEST_MS);
		return this.#restartsMs.length < CONTEST_RESTARTS ? PUBLISHER_TIE_MS : Number.POSITIVE_INFINITY;
	}

	#noteRestart(): void {
		this.#restartsMs.push(this.#options.settings.clock.nowMs());
		if (this.#restartsMs.length > CONTEST_RESTARTS) this.#restartsMs.shift();
	}

	#end(end: OfferEnd): void {
		this.#cancelLinger = undefined;
		this.#dropTelling();
		const before = this.#route;
		const broadcast = this.#broadcast;
		this.#route = undefined;
		this.#broadcast = undefined;
		this.#options.onEmpty(this);
		if (before !== undefined) {
			const to = this.#isHidden ? { to: "viewers" as const } : {};
			this.#options.onChange({ path: this.path, before, after: undefined, restart: false, ...to });
		}
		if (end === "lost") broadcast?.fail(Code.Dropped);
		// A relay withdraws its way, which may not be the only one; only a publisher's own word is the end.
		else broadcast?.finish(BROADCAST_DRAIN_MS, (before?.hops.length ?? 0) > 1 ? Code.Dropped : undefined);
	}
}

function isSameRoute(a: Route, b: Route): boolean {
	return a.cost === b.cost && a.hops.length === b.hops.length && a.hops.every((hop, at) => hop === b.hops[at]);
}

/** Whether groups go on: the same publisher, or an unnamed one whose route only changed its cost. */
function isContinued(before: Route, after: Route, isMoved: boolean): boolean {
	if (isSamePublisher(before, after)) return true;
	return !isMoved && before.hops.length === after.hops.length && before.hops.every((hop, at) => hop === after.hops[at]);
}
