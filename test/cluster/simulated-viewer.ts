/**
 * A viewer, at a relay's own table or with a connection of its own, who checks every byte that comes.
 * @module
 */
import { type Broadcast, type Grant, type Group, Origin, readGroup, type TrackSubscription } from "@moq-relay/core";
import type { Fabric, Life } from "./fabric.ts";
import type { ViewerPlan } from "./scenario.ts";
import { SimulatedLink } from "./simulated-link.ts";
import { FRAMES, payloadOf } from "./simulated-publisher.ts";
import { idOf, urlOf } from "./simulated-relay.ts";

/** Where a viewer looks. */
export interface Place {
	readonly name: string;
	readonly origin: Origin;
}

/** Follows one path, whoever publishes it. */
export class SimulatedViewer {
	/** Whole groups, as "mark group", in order of arrival. */
	readonly whole: string[] = [];
	readonly place: Place;
	readonly path: string;
	readonly #fabric: Fabric;
	readonly #watch: { close(): void };
	#broadcast: Broadcast | undefined;
	#subscription: TrackSubscription | undefined;

	constructor(place: Place, path: string, fabric: Fabric) {
		this.place = place;
		this.path = path;
		this.#fabric = fabric;
		const follow = (): void => this.#follow();
		this.#watch = place.origin.watch(path, {
			onStart: follow,
			onActive: follow,
			onRestart: follow,
			onUpdate: () => {},
			onEnded: () => {
				this.#broadcast = undefined;
			},
		});
	}

	/** Subscribe again if the last subscription broke. */
	retry(): void {
		if (this.#broadcast === undefined) this.#follow();
	}

	close(): void {
		this.#watch.close();
		this.#subscription?.close();
	}

	#follow(): void {
		const broadcast = this.place.origin.broadcast(this.path);
		if (broadcast === undefined || broadcast === this.#broadcast) return;
		this.#fabric.note(`${this.#where}: subscribes`);
		this.#subscription?.close();
		this.#broadcast = broadcast;
		this.#subscribe(broadcast);
	}

	/** What one subscription gives must be right by itself: no group twice unless it broke, no byte changed. */
	#subscribe(broadcast: Broadcast): void {
		const seen = new Set<number>();
		this.#subscription = broadcast.subscribe("t", REQUEST, {
			onInfo: () => {},
			onGroup: (group) => {
				if (seen.has(group.sequence)) this.#fabric.fault(`${this.#where}: group ${group.sequence} twice`);
				seen.add(group.sequence);
				this.#read(group, () => seen.delete(group.sequence));
			},
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => this.#fabric.note(`${this.#where}: end`),
			// The source is lost, or the path was longer than it took to answer: look again when there is another.
			onError: (code) => {
				this.#fabric.note(`${this.#where}: error ${code}`);
				if (this.#broadcast === broadcast) this.#broadcast = undefined;
			},
		});
	}

	#read(group: Group, onAbort: () => void): void {
		const frames: Uint8Array[] = [];
		readGroup(group, {
			onFrame: ({ payload }) => void frames.push(payload),
			onEnd: () => this.#check(group.sequence, frames),
			onAbort,
		});
	}

	#check(sequence: number, frames: readonly Uint8Array[]): void {
		const [first] = frames;
		if (first === undefined || first.byteLength < 8) {
			this.#fabric.fault(`${this.#where}: group ${sequence} is empty`);
			return;
		}
		const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
		const [mark, number] = [view.getUint32(0), view.getUint32(4)];
		const isWhole = frames.length === FRAMES && number === sequence;
		if (!isWhole || !frames.every((payload, frame) => isEqual(payload, payloadOf(mark, number, frame)))) {
			this.#fabric.fault(`${this.#where}: group ${sequence} is not as it was published`);
		}
		this.whole.push(`${mark} ${number}`);
	}

	get #where(): string {
		return `viewer of ${this.path} at ${this.place.name}`;
	}
}

/** A viewer's own table, and its link to a relay. */
export class SimulatedClient implements Place {
	readonly name: string;
	readonly origin: Origin;
	readonly link: SimulatedLink;

	constructor({ name, relay }: ViewerPlan, fabric: Fabric) {
		this.name = name;
		const life: Life = { isOver: false, pending: 0 };
		this.origin = new Origin({ clock: fabric.clockOf(life, { awaits: false }), id: idOf(fabric) });
		const { origin } = this;
		this.link = new SimulatedLink({ fabric, life, from: name, urls: [urlOf(relay)], origin, grant: GRANT_SHOWER });
	}
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
	return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}

/** What a relay may do to a viewer: show it what there is. */
const GRANT_SHOWER: Grant = { root: "", publish: [""], subscribe: [], cluster: false };

const REQUEST = { priority: 100, ordered: false, latencyMs: 30_000, startGroup: undefined, endGroup: undefined };
