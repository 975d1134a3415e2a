/**
 * A cluster on a simulated network: a random graph of relays, faults by chance, and what must hold once they are over.
 * @module
 */
import assert from "node:assert/strict";
import type { Session } from "@moq-relay/core";
import { memoryPair, Network, SeededRandom, VirtualClock } from "@moq-relay/testkit";
import { SimulatedRelay } from "./simulated-relay.ts";
import { SimulatedViewer } from "./simulated-viewer.ts";

/** Two relays with a link; the first one dials. */
interface Edge {
	readonly from: string;
	readonly to: string;
	session: Session | undefined;
}

/** One run: everything follows from the seed. */
export class Simulation {
	readonly #clock: VirtualClock;
	readonly #random: SeededRandom;
	readonly #network: Network;
	readonly #relays: Map<string, SimulatedRelay> = new Map();
	readonly #edges: Edge[] = [];
	/** Paths and where they are published. */
	readonly #homes: Map<string, string> = new Map();
	#viewers: SimulatedViewer[] = [];
	#marks = 0;

	constructor(seed: number, sizeMax: number) {
		this.#clock = new VirtualClock({ seed });
		this.#random = new SeededRandom(seed).fork("cluster");
		const random = this.#random;
		this.#network = new Network(this.#clock, { latencyMs: 1 + random.below(30), jitterMs: random.below(10) });
		const size = 2 + random.below(sizeMax - 1);
		const names = Array.from({ length: size }, (_, at) => `relay ${at}`);
		for (const name of names) this.#start(name);
		names.slice(1).forEach((name, at) => this.#link(names[random.below(at + 1)] as string, name));
		for (let extra = random.below(size); extra > 0; extra--) this.#link(random.pick(names), random.pick(names));
		for (let path = 1 + random.below(3); path > 0; path--) this.#homes.set(`live/${path}`, random.pick(names));
		for (const [path, name] of this.#homes) this.#publish(path, name);
		for (let at = 0; at < VIEWERS; at++) this.#watch(random.pick(names));
	}

	/** Faults for a while, then none. */
	run(): void {
		this.#run(2000);
		const faults = 2 + this.#random.below(8);
		for (let fault = 0; fault < faults; fault++) {
			this.#fault();
			this.#run(this.#random.below(this.#random.chance(0.2) ? 12_000 : 1500));
		}
		for (const name of this.#names) if (this.#network.isCrashed(name)) this.#revive(name);
		for (const { from, to } of this.#edges) this.#network.heal(from, to);
		this.#run(HEAL_MS);
	}

	/** What must hold when the faults are over. */
	check(): void {
		let changes = 0;
		const count = (): void => void changes++;
		const ear = { onStart: () => {}, onActive: count, onRestart: count, onUpdate: count, onEnded: count };
		const watches = [...this.#relays.values()].map(({ origin }) => origin.watch("", ear));
		this.#run(5000);
		assert.equal(changes, 0, "the tables have come to rest");
		for (const watch of watches) watch.close();
		for (const relay of this.#relays.values()) this.#checkRoutes(relay);
		this.#checkAnnouncements();
		this.#checkViewers();
	}

	/** Each live broadcast is there once, over links that exist, from the relay that publishes it. */
	#checkRoutes({ name, origin }: SimulatedRelay): void {
		const active = origin.active("");
		assert.deepEqual(new Set(active.map(({ path }) => path)), new Set(this.#homes.keys()), name);
		assert.equal(active.length, this.#homes.size, name);
		const byId = new Map([...this.#relays.values()].map((relay) => [relay.origin.id, relay.name]));
		for (const { path, route } of active) {
			const way = [...route.hops.map((hop) => byId.get(Number(hop)) ?? `unknown ${hop}`), name];
			assert.equal(way[0], this.#homes.get(path), `${path} at ${name} by ${way.join(" > ")}`);
			assert.equal(new Set(way).size, way.length, `no relay twice in ${way.join(" > ")}`);
			for (const [at, to] of way.slice(1).entries()) {
				const isLinked = this.#edges.some((edge) => isBetween(edge, way[at] ?? "", to));
				assert.ok(isLinked, `${way[at]} and ${to} have a link, as ${path} at ${name} says`);
			}
		}
	}

	/** A relay hears of a broadcast from each neighbour whose own way does not lead through it, and from nobody else. */
	#checkAnnouncements(): void {
		let expected = 0;
		for (const { from, to } of this.#edges) {
			for (const [teller, hearer] of [
				[from, to],
				[to, from],
			] as const) {
				const told = this.#relay(teller).origin.active("");
				const id = this.#relay(hearer).origin.id;
				expected += told.filter(({ route }) => !route.hops.includes(id)).length;
			}
		}
		const held = this.#sessions.reduce((sum, session) => sum + session.counters.announcements, 0);
		assert.equal(held, expected, "announcements held by all relays together");
	}

	/** New groups reach every viewer, each once. */
	#checkViewers(): void {
		for (const viewer of this.#viewers) viewer.retry();
		this.#run(2000);
		// What is on its way arrives, so that the new groups are all that comes from now on.
		this.#settle(3000);
		for (const viewer of this.#viewers) viewer.whole.length = 0;
		const first = new Map<string, number>();
		for (const relay of this.#relays.values()) {
			for (const { path, written } of relay.published.values()) first.set(path, written);
		}
		for (let at = 0; at < GROUPS; at++) this.#run(WRITE_MS);
		this.#settle(3000);
		for (const { viewer, path } of this.#viewing) {
			const published = this.#relay(this.#homes.get(path) ?? "").published.get(path);
			assert.ok(published !== undefined);
			const from = first.get(path) ?? 0;
			const expected = Array.from({ length: published.written - from }, (_, at) => `${published.mark} ${from + at}`);
			assert.deepEqual(viewer.whole.toSorted(), expected.toSorted(), `each new group of ${path} once`);
		}
	}

	readonly #viewing: { readonly viewer: SimulatedViewer; readonly path: string; readonly name: string }[] = [];

	get #names(): readonly string[] {
		return [...this.#relays.keys()];
	}

	readonly #accepted: Map<Edge, Session> = new Map();

	get #sessions(): readonly Session[] {
		return this.#edges.flatMap((edge) => [edge.session, this.#accepted.get(edge)]).filter((one) => one !== undefined);
	}

	#relay(name: string): SimulatedRelay {
		const relay = this.#relays.get(name);
		assert.ok(relay !== undefined, name);
		return relay;
	}

	#start(name: string): void {
		this.#relays.set(name, new SimulatedRelay(name, this.#clock));
	}

	#publish(path: string, name: string): void {
		this.#marks += 1;
		this.#relay(name).publish(path, this.#marks);
	}

	#watch(name: string): void {
		const path = this.#random.pick([...this.#homes.keys()]);
		const viewer = new SimulatedViewer(this.#relay(name), path);
		this.#viewers.push(viewer);
		this.#viewing.push({ viewer, path, name });
	}

	#link(from: string, to: string): void {
		if (from === to || this.#edges.some((edge) => isBetween(edge, from, to))) return;
		const edge: Edge = { from, to, session: undefined };
		this.#edges.push(edge);
		this.#dial(edge);
	}

	/** As a cluster's link does: for ever. What cannot be reached cannot be dialled. */
	#dial(edge: Edge): void {
		const { from, to } = edge;
		const network = this.#network;
		const isOut = network.isCrashed(from) || network.isCrashed(to);
		if (isOut || network.link(from, to).isCut || network.link(to, from).isCut) {
			this.#clock.after(REDIAL_MS, () => this.#dial(edge));
			return;
		}
		const { client, server } = memoryPair(this.#clock, { network, from, to, path: "/", idleMs: IDLE_MS });
		const again = (): void => {
			if (edge.session !== session) return;
			edge.session = undefined;
			this.#clock.after(REDIAL_MS * (0.5 + this.#random.next() / 2), () => this.#dial(edge));
		};
		const session = this.#relay(from).serve(client, again);
		edge.session = session;
		const accepted = this.#relay(to).serve(server, () => {
			if (this.#accepted.get(edge) === accepted) this.#accepted.delete(edge);
		});
		this.#accepted.set(edge, accepted);
	}

	#fault(): void {
		const random = this.#random;
		const edge = random.pick(this.#edges);
		const name = random.pick(this.#names);
		const kind = random.below(7);
		if (kind === 0) this.#network.partition(edge.from, edge.to);
		else if (kind === 1) this.#network.partitionOneWay(edge.from, edge.to);
		else if (kind === 2) this.#network.heal(edge.from, edge.to);
		else if (kind === 3) this.#network.change(edge.from, edge.to, { latencyMs: random.below(200) });
		else if (kind === 4) this.#isolate(name);
		else if (this.#network.isCrashed(name)) this.#revive(name);
		else this.#crash(name);
	}

	#isolate(name: string): void {
		for (const { from, to } of this.#edges) if (from === name || to === name) this.#network.partition(from, to);
	}

	/** Its viewers die with it. */
	#crash(name: string): void {
		this.#network.crash(name);
		const stay = this.#viewing.filter((one) => one.name !== name);
		this.#viewing.splice(0, this.#viewing.length, ...stay);
		this.#viewers = stay.map(({ viewer }) => viewer);
		for (const edge of this.#edges) {
			if (edge.from !== name || edge.session === undefined) continue;
			// Nobody is left to notice: the new life dials for itself.
			edge.session = undefined;
			this.#clock.after(REDIAL_MS, () => this.#dial(edge));
		}
	}

	#revive(name: string): void {
		this.#network.restart(name);
		this.#start(name);
		for (const [path, home] of this.#homes) if (home === name) this.#publish(path, name);
		this.#watch(name);
	}

	/** Time passes, and publishers write. */
	#run(ms: number): void {
		const untilMs = this.#clock.nowMs() + ms;
		while (this.#clock.nowMs() < untilMs) {
			for (const [name, relay] of this.#relays) if (!this.#network.isCrashed(name)) relay.write();
			this.#settle(Math.min(WRITE_MS, untilMs - this.#clock.nowMs()));
		}
	}

	#settle(ms: number): void {
		this.#clock.run(this.#clock.nowMs() + ms);
	}
}

function isBetween({ from, to }: Edge, one: string, other: string): boolean {
	return (from === one && to === other) || (from === other && to === one);
}

const VIEWERS = 6;
const GROUPS = 4;
const WRITE_MS = 250;
const REDIAL_MS = 1000;
const IDLE_MS = 800;
/** Longer than it takes to notice, dial, greet and forget. */
const HEAL_MS = 20_000;
