/**
 * Named nodes and the links between them, with the faults a test wants: partition, heal, crash.
 * @module
 */
import type { VirtualClock } from "../virtual-clock.ts";
import { LINK_DEFAULT, Link, type LinkConditions } from "./link.ts";

/** Both directions between two nodes, as seen from one of them. */
export interface Route {
	/** From here to there. */
	readonly out: Link;
	/** From there to here. */
	readonly back: Link;
}

/** A network whose links come into being when first used. */
export class Network {
	readonly clock: VirtualClock;
	readonly #conditions: LinkConditions;
	#links = new Map<string, Link>();
	#crashed = new Set<string>();
	#onCrash = new Map<string, Set<() => void>>();

	/** `conditions` hold for every link until `change` says otherwise. */
	constructor(clock: VirtualClock, conditions: Partial<LinkConditions> = {}) {
		this.clock = clock;
		this.#conditions = { ...LINK_DEFAULT, ...conditions };
	}

	/** The link that carries what `from` sends to `to`. */
	link(from: string, to: string): Link {
		const key = `${from}\n${to}`;
		let link = this.#links.get(key);
		if (link === undefined) {
			link = new Link(this.clock, this.#conditions);
			this.#links.set(key, link);
			if (this.isCrashed(from) || this.isCrashed(to)) link.cut();
		}
		return link;
	}

	/** Both directions between two nodes. */
	route(from: string, to: string): Route {
		return { out: this.link(from, to), back: this.link(to, from) };
	}

	/** Change the conditions of both directions. */
	change(from: string, to: string, conditions: Partial<LinkConditions>): void {
		this.link(from, to).change(conditions);
		this.link(to, from).change(conditions);
	}

	/** Nothing gets through between the two, either way, until `heal`. */
	partition(left: string, right: string): void {
		this.link(left, right).cut();
		this.link(right, left).cut();
	}

	/** Nothing gets from `from` to `to`, while the other direction goes on. */
	partitionOneWay(from: string, to: string): void {
		this.link(from, to).cut();
	}

	/** End every partition between the two; a crashed node stays unreachable. */
	heal(left: string, right: string): void {
		if (this.isCrashed(left) || this.isCrashed(right)) return;
		this.link(left, right).heal();
		this.link(right, left).heal();
	}

	isCrashed(node: string): boolean {
		return this.#crashed.has(node);
	}

	/** The node stops at once: its connections fall silent without an event, and nothing reaches it. */
	crash(node: string): void {
		if (this.#crashed.has(node)) return;
		this.#crashed.add(node);
		for (const [key, link] of this.#links) if (key.split("\n").includes(node)) link.cut();
		for (const run of this.#onCrash.get(node) ?? []) run();
		this.#onCrash.delete(node);
	}

	/** The node is reachable again, with nothing of what it was: old connections stay dead. */
	restart(node: string): void {
		if (!this.#crashed.delete(node)) return;
		for (const [key, link] of this.#links) {
			const [from = "", to = ""] = key.split("\n");
			if ((from === node || to === node) && !this.isCrashed(from) && !this.isCrashed(to)) link.heal();
		}
	}

	/** `run` once when the node crashes. Returns the cancellation. */
	onCrash(node: string, run: () => void): () => void {
		const runs = this.#onCrash.get(node) ?? new Set();
		this.#onCrash.set(node, runs);
		runs.add(run);
		return () => runs.delete(run);
	}
}
