/**
 * A publisher of one path, inside a relay or with connections of its own, and what it writes.
 * @module
 */
import { type Announcement, type Grant, LocalBroadcast, type LocalTrack, Origin } from "@moq-relay/core";
import type { Fabric, Life } from "./fabric.ts";
import type { PublisherPlan } from "./scenario.ts";
import { SimulatedLink } from "./simulated-link.ts";
import { idOf, PUBLISHER_TOKEN, urlOf } from "./simulated-relay.ts";

/** One life of a publisher. */
export class SimulatedPublisher {
	readonly plan: PublisherPlan;
	/** Its first bytes in every frame: who reads them knows which life of which publisher it is from. */
	readonly mark: number;
	/** The table that it announces in: its own, or that of the relay that it is part of. */
	readonly origin: Origin;
	/** Groups written so far. */
	written = 0;
	readonly links: readonly SimulatedLink[];
	readonly #life: Life;
	readonly #fabric: Fabric;
	readonly #track: LocalTrack;
	readonly #announcement: Announcement;

	/** `inside`: the relay that it is part of. */
	constructor(plan: PublisherPlan, { fabric, mark, inside }: PublisherStart) {
		this.plan = plan;
		this.mark = mark;
		this.#fabric = fabric;
		this.#life = inside?.life ?? { isOver: false, pending: 0 };
		const clock = fabric.clockOf(this.#life, { awaits: true });
		this.origin = inside?.origin ?? new Origin({ clock, id: idOf(fabric) });
		const broadcast = new LocalBroadcast();
		this.#track = broadcast.track("t");
		const announcement = this.origin.announce(plan.path, { hops: [], cost: 0 }, broadcast);
		if (typeof announcement === "string") throw new Error(`${plan.name} cannot announce ${plan.path}: ${announcement}`);
		this.#announcement = announcement;
		const urls = inside === undefined ? plan.relays.map((relay) => urlOf(relay, PUBLISHER_TOKEN)) : [];
		const sets = plan.mode === "failover" ? [urls] : urls.map((url) => [url]);
		this.links = sets.filter((set) => set.length > 0).map((set) => this.#link(set));
	}

	/** Whether the node that it runs on is up. */
	get isUp(): boolean {
		return !this.#life.isOver;
	}

	/** Write one group. */
	write(): void {
		const group = this.#track.group();
		for (let frame = 0; frame < FRAMES; frame++) {
			group.frame({ timestamp: frame, payload: payloadOf(this.mark, this.written, frame) });
		}
		group.finish();
		this.written += 1;
	}

	/** It dies, and tells nobody; one inside a relay dies with that. */
	crash(): void {
		this.#life.isOver = true;
		this.#fabric.network.crash(this.plan.name);
	}

	/** It stops as a publisher does. */
	stop(): void {
		this.#announcement.close();
		for (const link of this.links) link.close();
	}

	#link(urls: readonly URL[]): SimulatedLink {
		const { origin } = this;
		const from = this.plan.name;
		return new SimulatedLink({ fabric: this.#fabric, life: this.#life, from, urls, origin, grant: GRANT_TAKER });
	}
}

/** How a life of a publisher begins. */
export interface PublisherStart {
	readonly fabric: Fabric;
	readonly mark: number;
	readonly inside: { readonly life: Life; readonly origin: Origin } | undefined;
}

/** Frames in each group. */
export const FRAMES: number = 2;

/** What a frame holds: all of it follows from where it belongs. */
export function payloadOf(mark: number, group: number, frame: number): Uint8Array {
	const payload = new Uint8Array(60 + ((mark * 31 + group * 7 + frame) % 200));
	for (let at = 0; at < payload.length; at++) payload[at] = (mark * 17 + group * 5 + frame * 3 + at) & 0xff;
	new DataView(payload.buffer).setUint32(0, mark);
	new DataView(payload.buffer).setUint32(4, group);
	return payload;
}

/** What a relay may do to a publisher: take what it has. */
const GRANT_TAKER: Grant = { root: "", publish: [], subscribe: [""], cluster: false };
