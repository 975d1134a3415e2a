/**
 * What one seed stands for: which relays there are, who dials whom, who publishes and who watches.
 * @module
 */
import { SeededRandom } from "@moq-relay/testkit";

/** How relays find each other: by `connect` along a graph, by gossip, or as a tree under a root. */
export type Wiring = "graph" | "mesh" | "tree";

/** Shape of the graph of a `graph` wiring. */
export type GraphKind = "tree" | "ring" | "square" | "mesh" | "star" | "random";

/** Two relays with a link; the first one dials. */
export interface Edge {
	readonly from: string;
	readonly to: string;
	/** Protocol of the connection: its version, or the name under which an in-band SETUP chooses one. */
	readonly protocol: string;
	/** `?cost=` on the side that dials. */
	readonly cost: number;
}

/** Who publishes one path. */
export interface PublisherPlan {
	readonly name: string;
	readonly path: string;
	/** Relays it publishes to; with `inside` it is part of the one relay. */
	readonly relays: readonly string[];
	/** `both` holds a session with each relay at once, `failover` with one of them at a time. */
	readonly mode: "inside" | "single" | "both" | "failover";
	readonly protocol: string;
}

/** A viewer with a connection of its own. */
export interface ViewerPlan {
	readonly name: string;
	readonly path: string;
	readonly relay: string;
	readonly protocol: string;
	/** Undefined: as fast as it comes. */
	readonly bytesPerMs: number | undefined;
}

/** All that a run is made of, before anything goes wrong. */
export interface Scenario {
	readonly seed: number;
	readonly wiring: Wiring;
	readonly kind: GraphKind;
	readonly relays: readonly string[];
	readonly edges: readonly Edge[];
	/** Children of the root, where there is one. */
	readonly fanout: number;
	/** Whether some link costs more than the others. */
	readonly hasCosts: boolean;
	readonly publishers: readonly PublisherPlan[];
	readonly viewers: readonly ViewerPlan[];
	readonly latencyMs: number;
	readonly jitterMs: number;
	readonly lossRate: number;
}

/** What may differ from the ordinary mix. */
export interface ScenarioOptions {
	/** Relays at most. */
	readonly sizeMax: number;
	readonly wiring?: Wiring;
}

/** The scenario of a seed. */
export function scenarioOf(seed: number, { sizeMax, wiring: wanted }: ScenarioOptions): Scenario {
	const random = new SeededRandom(seed).fork("scenario");
	const wiring = wanted ?? (random.chance(0.7) ? "graph" : random.chance(0.35) ? "mesh" : "tree");
	const kind = random.pick(KINDS);
	const relays = Array.from({ length: sizeOf(random, { wiring, kind, sizeMax }) }, (_, at) => `r${at}.test`);
	const hasCosts = wiring === "graph" && random.chance(0.15);
	const pairs = wiring === "graph" ? graphOf(kind, relays, random) : [];
	const single = random.chance(0.5);
	const bridges = single && !hasCosts ? bridgesOf(pairs) : new Set<string>();
	const edges = pairs.map(([from, to], at): Edge => {
		const isBridge = bridges.has(`${from} ${to}`);
		const protocol = isBridge && random.chance(0.3) ? random.pick(OLD_PROTOCOLS) : random.pick(PROTOCOLS);
		return { from, to, protocol, cost: hasCosts && at === 0 ? 5 : 1 };
	});
	return {
		seed,
		wiring,
		kind,
		relays,
		edges,
		hasCosts,
		fanout: 1 + random.below(5),
		publishers: publishersOf(random, { relays, single }),
		viewers: viewersOf(random, relays),
		latencyMs: 1 + random.below(30),
		jitterMs: random.below(10),
		lossRate: random.chance(0.4) ? random.next() * 0.05 : 0,
	};
}

function publishersOf(random: SeededRandom, { relays, single }: { relays: readonly string[]; single: boolean }) {
	return Array.from({ length: 1 + random.below(3) }, (_, at): PublisherPlan => {
		const named = { name: `p${at}.test`, path: `live/${at}` };
		const mode = random.pick(single ? SINGLE_MODES : MODES);
		const first = random.pick(relays);
		const second = random.pick(relays);
		const isTwo = mode === "both" || mode === "failover";
		return {
			...named,
			mode,
			relays: isTwo && first !== second ? [first, second] : [first],
			protocol: random.pick(mode === "both" ? PROTOCOLS : [...PROTOCOLS, ...OLD_PROTOCOLS]),
		};
	});
}

function viewersOf(random: SeededRandom, relays: readonly string[]): readonly ViewerPlan[] {
	return Array.from({ length: 1 + random.below(3) }, (_, at) => ({
		name: `v${at}.test`,
		path: "live/0",
		relay: random.pick(relays),
		protocol: random.pick([...PROTOCOLS, ...OLD_PROTOCOLS]),
		bytesPerMs: random.chance(0.5) ? 0.1 + random.next() : undefined,
	}));
}

interface SizeOptions extends ScenarioOptions {
	readonly wiring: Wiring;
	readonly kind: GraphKind;
}

/** Most are small, some large; none so wide that a way would be longer than a list of hops. */
function sizeOf(random: SeededRandom, { wiring, kind, sizeMax }: SizeOptions): number {
	const share = random.next();
	const wish = share < 0.03 ? 100 + random.below(101) : share < 0.2 ? 20 + random.below(41) : 2 + random.below(19);
	const most = wiring === "mesh" ? 10 : wiring === "tree" ? 24 : WIDEST[kind];
	return Math.max(2, Math.min(wish, most, sizeMax));
}

function graphOf(
	kind: GraphKind,
	relays: readonly string[],
	random: SeededRandom,
): readonly (readonly [string, string])[] {
	const pairs = new Map<string, readonly [string, string]>();
	const link = (a: number, b: number): void => {
		const [from, to] = random.chance(0.5) ? [relays[a], relays[b]] : [relays[b], relays[a]];
		if (from === undefined || to === undefined || from === to) return;
		const key = [from, to].sort().join(" ");
		if (!pairs.has(key)) pairs.set(key, [from, to]);
	};
	const width = Math.ceil(Math.sqrt(relays.length));
	for (let at = 0; at < relays.length; at++) {
		if (kind === "star") link(0, at);
		else if (kind === "ring") link(at, (at + 1) % relays.length);
		else if (kind === "mesh") for (let other = 0; other < at; other++) link(at, other);
		else if (kind === "square") {
			if ((at + 1) % width !== 0) link(at, at + 1);
			link(at, at + width);
			// The last row may be short of the neighbours that would join it.
			if (at > 0 && at % width === 0) link(at, at - width);
		} else if (at > 0) link(at, random.below(at));
	}
	if (kind === "random")
		for (let extra = random.below(relays.length); extra > 0; extra--) {
			link(random.below(relays.length), random.below(relays.length));
		}
	return [...pairs.values()];
}

/** Links without which the graph falls apart: over these alone an older version, whose hops have no ids, is safe. */
function bridgesOf(pairs: readonly (readonly [string, string])[]): ReadonlySet<string> {
	const bridges = new Set<string>();
	for (const [from, to] of pairs) {
		const reached = new Set([from]);
		const queue = [from];
		for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
			for (const [a, b] of pairs) {
				if (a === from && b === to) continue;
				const next = a === at ? b : b === at ? a : undefined;
				if (next === undefined || reached.has(next)) continue;
				reached.add(next);
				queue.push(next);
			}
		}
		if (!reached.has(to)) bridges.add(`${from} ${to}`);
	}
	return bridges;
}

/** Versions whose hops have ids. */
export const PROTOCOLS: readonly string[] = ["moq-lite-05", "moq-lite-05", "moq-lite-04"];
/** Versions whose hops have none; the last chooses moq-lite-02 or 01 in its SETUP. */
export const OLD_PROTOCOLS: readonly string[] = ["moq-lite-03", "moql"];

const KINDS: readonly GraphKind[] = ["tree", "ring", "square", "mesh", "star", "random", "random"];
const WIDEST: Readonly<Record<GraphKind, number>> = {
	tree: 200,
	ring: 40,
	square: 196,
	mesh: 16,
	star: 200,
	random: 200,
};
const MODES = ["inside", "inside", "single", "both", "failover"] as const;
const SINGLE_MODES = ["inside", "inside", "single"] as const;
