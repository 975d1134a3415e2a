/**
 * A cluster on a simulated network: relays, publishers and viewers of one scenario, and faults by chance.
 * @module
 */
import { SeededRandom } from "@moq-relay/testkit";
import { parseNode } from "../../packages/relay/src/cluster/node-name.ts";
import { type Peer, parsePeer } from "../../packages/relay/src/cluster/peer.ts";
import type { ClusterSettings } from "../../packages/relay/src/cluster/settings.ts";
import { Fabric } from "./fabric.ts";
import type { Scenario } from "./scenario.ts";
import { SimulatedPublisher } from "./simulated-publisher.ts";
import { RELAY_TOKEN, SimulatedRelay, urlOf } from "./simulated-relay.ts";
import { SimulatedClient, SimulatedViewer } from "./simulated-viewer.ts";

/** One run: everything follows from the scenario. */
export class Simulation {
	readonly scenario: Scenario;
	readonly fabric: Fabric;
	/** The lives that there are, by name. */
	readonly relays: Map<string, SimulatedRelay> = new Map();
	readonly publishers: Map<string, SimulatedPublisher> = new Map();
	readonly clients: SimulatedClient[] = [];
	viewers: SimulatedViewer[] = [];
	readonly #random: SeededRandom;
	readonly #cuts: Map<string, readonly [string, string]> = new Map();
	#marks = 0;

	constructor(scenario: Scenario, trace?: (line: string) => void) {
		this.scenario = scenario;
		this.fabric = new Fabric(scenario, trace);
		this.#random = new SeededRandom(scenario.seed).fork("events");
		const { edges, relays, publishers, viewers } = scenario;
		for (const { from, to, protocol } of edges) this.fabric.speak(from, to, protocol);
		for (const { name, relays: homes, protocol } of publishers) {
			for (const relay of homes) this.fabric.speak(name, relay, protocol);
		}
		if (scenario.wiring === "tree") this.#spread();
		for (const name of relays) this.start(name);
		for (const { name, mode } of publishers) if (mode !== "inside") this.publish(name);
		for (const plan of viewers) {
			this.fabric.speak(plan.name, plan.relay, plan.protocol);
			const { bytesPerMs = Number.POSITIVE_INFINITY } = plan;
			this.fabric.network.change(plan.name, plan.relay, { bytesPerMs });
			const client = new SimulatedClient(plan, this.fabric);
			this.clients.push(client);
			this.viewers.push(new SimulatedViewer(client, plan.path, this.fabric));
		}
		for (let at = 0; at < VIEWERS; at++) this.watch(this.#random.pick(relays));
	}

	/** Begin a life of a relay, and of the publishers inside it. */
	start(name: string): void {
		const versions = this.#random.chance(0.5) ? ["moq-lite-02", "moq-lite-01"] : ["moq-lite-01"];
		this.relays.set(name, new SimulatedRelay({ name, settings: this.#settings(name), versions }, this.fabric));
		for (const plan of this.scenario.publishers) {
			if (plan.mode === "inside" && plan.relays[0] === name) this.publish(plan.name);
		}
	}

	/** Begin a life of a publisher. */
	publish(name: string): void {
		const plan = this.scenario.publishers.find((one) => one.name === name);
		if (plan === undefined) throw new Error(`no publisher is called ${name}`);
		this.#marks += 1;
		const inside = plan.mode === "inside" ? this.relays.get(plan.relays[0] ?? "") : undefined;
		this.publishers.set(name, new SimulatedPublisher(plan, { fabric: this.fabric, mark: this.#marks, inside }));
	}

	/** Add a viewer at a relay's own table. */
	watch(name: string, path: string = this.#random.pick(this.scenario.publishers).path): SimulatedViewer | undefined {
		const relay = this.relays.get(name);
		if (relay === undefined || relay.life.isOver) return undefined;
		const viewer = new SimulatedViewer(relay, path, this.fabric);
		this.viewers.push(viewer);
		return viewer;
	}

	/** Time passes, and publishers write. */
	async pass(ms: number, writeMs: number = WRITE_MS): Promise<void> {
		for (let left = ms; left > 0; left -= writeMs) {
			this.write();
			await this.fabric.pass(Math.min(writeMs, left));
		}
	}

	/** Everyone who can writes one group. */
	write(): void {
		for (const publisher of this.publishers.values()) if (publisher.isUp) publisher.write();
	}

	/** Faults for a while, some of them at once; then none, for as long as it takes to come to rest. */
	async run(): Promise<void> {
		const random = this.#random;
		await this.pass(SETTLE_MS);
		for (let left = 2 + random.below(8); left > 0; left--) {
			for (let at = random.chance(0.3) ? 2 + random.below(3) : 1; at > 0; at--) this.#fault();
			await this.pass(random.below(random.chance(0.2) ? 12_000 : 1500));
		}
		this.heal();
		await this.pass(HEAL_MS, 1000);
	}

	/** No fault is left. */
	heal(): void {
		const { network } = this.fabric;
		for (const [name, relay] of this.relays) if (relay.life.isOver) this.#revive(name);
		for (const [name, publisher] of this.publishers) if (!publisher.isUp) this.#return(name);
		for (const [one, other] of this.#cuts.values()) {
			network.heal(one, other);
			network.change(one, other, { lossRate: this.scenario.lossRate, latencyMs: this.scenario.latencyMs });
		}
		this.#cuts.clear();
		for (const { name, relay } of this.scenario.viewers) {
			network.change(name, relay, { bytesPerMs: Number.POSITIVE_INFINITY });
		}
	}

	/** Relays that have a session with this one, each once. */
	neighbours(relay: SimulatedRelay): readonly string[] {
		const names = [...relay.sessions.values()].map(({ connection }) => {
			const line = this.fabric.lineOf(connection);
			return line?.from === relay.name ? line.to : line?.from;
		});
		return [...new Set(names)].filter((name): name is string => name !== undefined && this.relays.has(name));
	}

	/** Cut two nodes off from each other until `heal`. */
	cut(one: string, other: string, how: "both" | "out" | "back" = "both"): void {
		this.fabric.note(`cut ${one} ${other} ${how}`);
		this.#cuts.set(`${one} ${other}`, [one, other]);
		if (how !== "back") this.fabric.network.link(one, other).cut();
		if (how !== "out") this.fabric.network.link(other, one).cut();
	}

	/** A relay dies, and its viewers with it. */
	crash(name: string): void {
		this.fabric.note(`crash ${name}`);
		this.relays.get(name)?.crash();
		this.viewers = this.viewers.filter(({ place }) => place.name !== name);
	}

	#fault(): void {
		const random = this.#random;
		const kind = random.below(10);
		const name = random.pick(this.scenario.relays);
		const relay = this.relays.get(name);
		if (relay === undefined) return;
		if (relay.life.isOver) {
			this.#revive(name);
			return;
		}
		const near = this.neighbours(relay);
		if (kind <= 1) this.crash(name);
		else if (kind === 2) this.#swap();
		else if (near.length > 0) this.#spoil(name, near);
	}

	#spoil(name: string, near: readonly string[]): void {
		const random = this.#random;
		const { network } = this.fabric;
		const other = random.pick(near);
		const kind = random.below(7);
		if (kind <= 1) this.cut(name, other);
		else if (kind === 2) this.cut(name, other, "out");
		else if (kind === 3) this.cut(name, other, "back");
		else if (kind === 4) for (const one of near) this.cut(name, one);
		else {
			this.#cuts.set(`${name} ${other}`, [name, other]);
			if (kind === 5) network.change(name, other, { latencyMs: random.below(200) });
			else network.change(name, other, { lossRate: random.next() * 0.3 });
			if (random.chance(0.5)) network.heal(name, other);
		}
	}

	/** A publisher dies or returns. */
	#swap(): void {
		const publisher = this.#random.pick([...this.publishers.values()]);
		if (publisher.plan.mode === "inside") return;
		if (!publisher.isUp) this.#return(publisher.plan.name);
		else {
			this.fabric.note(`crash ${publisher.plan.name}`);
			publisher.crash();
		}
	}

	#return(name: string): void {
		this.fabric.note(`return of ${name}`);
		this.fabric.network.restart(name);
		// One inside a relay comes back with that.
		if (this.publishers.get(name)?.plan.mode !== "inside") this.publish(name);
	}

	#revive(name: string): void {
		this.fabric.note(`revive ${name}`);
		this.fabric.network.restart(name);
		this.start(name);
		this.watch(name);
	}

	/** Places on a plane, so that some relays are nearer than others. */
	#spread(): void {
		const places = this.scenario.relays.map((name) => ({ name, x: this.#random.next(), y: this.#random.next() }));
		for (const a of places) {
			for (const b of places) {
				if (a.name >= b.name) continue;
				this.fabric.network.change(a.name, b.name, { latencyMs: 1 + 60 * Math.hypot(a.x - b.x, a.y - b.y) });
			}
		}
	}

	#settings(name: string): ClusterSettings {
		const { wiring, relays, edges, fanout } = this.scenario;
		const [first = name] = relays;
		const root = wiring === "tree" ? peerOf(first) : undefined;
		const seeds = wiring === "mesh" && name !== first ? [peerOf(first)] : [];
		const dialled = edges.filter(({ from }) => from === name).map(({ to, cost }) => peerOf(to, cost));
		const at = relays.indexOf(name);
		return {
			connect: [...seeds, ...dialled],
			connectApi: undefined,
			self: wiring === "graph" ? undefined : parseNode(urlOf(name).href),
			mesh: wiring === "mesh",
			root,
			rootName: root && parseNode(root.shown),
			isRoot: root === undefined || name === first,
			prefix: "internal/origins",
			role: at === 0 ? "origin" : at % 3 === 1 ? "regional" : "edge",
			fanout,
		};
	}
}

function peerOf(name: string, cost = 1): Peer {
	return { ...parsePeer(urlOf(name, RELAY_TOKEN).href), cost };
}

/** At relays' own tables, while things go wrong. */
const VIEWERS = 6;
/** Time between two groups, in ms. */
export const WRITE_MS: number = 250;
const SETTLE_MS = 4000;
/** Longer than it takes to notice, dial with the longest pause, greet, forget, and find a better parent. */
const HEAL_MS = 45_000;
