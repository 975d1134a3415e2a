/**
 * What must hold of a cluster once the faults are over.
 * @module
 */
import assert from "node:assert/strict";
import type { Connection, Route, Session } from "@moq-relay/core";
import type { Line } from "./fabric.ts";
import { OLD_PROTOCOLS } from "./scenario.ts";
import type { SimulatedRelay } from "./simulated-relay.ts";
import { type Simulation, WRITE_MS } from "./simulation.ts";

/** All checks, in an order in which the first failure says most. */
export async function checkAll(simulation: Simulation): Promise<void> {
	await checkRest(simulation);
	for (const relay of simulation.relays.values()) checkRoutes(simulation, relay);
	checkAnnouncements(simulation);
	await checkViewers(simulation);
	checkFaults(simulation);
	await checkEmpty(simulation);
	checkFaults(simulation);
}

/** Nothing broke a rule so far. */
export function checkFaults({ fabric }: Simulation): void {
	assert.deepEqual(fabric.faults.slice(0, 5), [], `${fabric.faults.length} faults`);
}

/** No table changes any more. */
export async function checkRest(simulation: Simulation): Promise<void> {
	const changes: string[] = [];
	const relays = [...simulation.relays.values()];
	const watches = relays.map(({ origin, name }) => {
		const note = (path: string): void => void changes.push(`${path} at ${name}`);
		return origin.watch("", { onStart: () => {}, onActive: note, onRestart: note, onUpdate: note, onEnded: note });
	});
	await simulation.pass(REST_MS, 1000);
	for (const watch of watches) watch.close();
	assert.deepEqual(changes.slice(0, 5), [], "the tables have come to rest");
}

/** Each live broadcast is there once, over links that exist, from its publisher, as its neighbour has it. */
export function checkRoutes(simulation: Simulation, { name, origin }: SimulatedRelay): void {
	const { publishers, relays, scenario } = simulation;
	const active = origin.active("live");
	const live = [...publishers.values()].map(({ plan }) => plan.path);
	assert.deepEqual(active.map(({ path }) => path).sort(), live.sort(), `broadcasts at ${name}`);
	const byId = namesById(simulation);
	const isExact = scenario.wiring === "graph" && !scenario.hasCosts && !hasOldLinks(simulation);
	const distances = isExact ? distancesFrom(simulation, name) : undefined;
	for (const { path, route } of active) {
		const publisher = [...publishers.values()].find(({ plan }) => plan.path === path);
		assert.ok(publisher !== undefined);
		const homes = publisher.plan.relays;
		const way = [...route.hops.map((hop) => byId.get(String(hop)) ?? "?"), name];
		const text = `${path} at ${name} by ${way.join(" > ")}`;
		const direct = homes.map((home) => distances?.get(home) ?? 0);
		if (distances !== undefined && publisher.plan.mode !== "failover") {
			const outside = publisher.plan.mode === "inside" ? 0 : 1;
			assert.equal(route.hops.length, Math.min(...direct) + outside, `as few hops as can be: ${text}`);
		}
		if (way.includes("?")) {
			assert.ok(hasOldLinks(simulation), `only older versions leave relays out: ${text}`);
			continue;
		}
		assert.equal(new Set(way).size, way.length, `no relay twice in ${text}`);
		assert.equal(way[0], publisher.plan.mode === "inside" ? homes[0] : publisher.plan.name, text);
		for (const [at, to] of way.slice(1).entries()) {
			const from = way[at] ?? "";
			const relay = relays.get(to);
			assert.ok(
				relay !== undefined && peersOf(simulation, relay).includes(from),
				`${from} and ${to} have a link: ${text}`,
			);
		}
		checkNeighbour(simulation, { path, route, from: way.at(-2), text });
	}
}

/** The neighbour that a route comes from uses the rest of it. */
function checkNeighbour(
	{ relays }: Simulation,
	{ path, route, from, text }: { path: string; route: Route; from: string | undefined; text: string },
): void {
	const neighbour = relays.get(from ?? "");
	if (neighbour === undefined) return;
	const theirs = neighbour.origin.active(path).find((one) => one.path === path);
	assert.deepEqual(theirs?.route.hops, route.hops.slice(0, -1), `the neighbour has it that way: ${text}`);
}

/**
 * How many announcements the sessions of all nodes hold. On each link, each side is told every broadcast whose way at the
 * teller does not lead through the hearer, so a broadcast that is published inside one relay of a graph of V relays and E
 * links takes 2·E − (V − 1) of them: both ways on each link, less one for each relay that has it from a neighbour.
 */
export function checkAnnouncements(simulation: Simulation): void {
	let total = 0;
	for (const { hearer, teller } of linesOf(simulation)) {
		const held = hearer.session.counters.announcements;
		const expected = toldBy(teller, hearer);
		total += held;
		// Without ids a server repeats everything to its client, who leaves out what it has from that server.
		const isExact = !OLD_PROTOCOLS.includes(teller.line.protocol);
		const text = `${held} of ${expected} announcements that ${hearer.name} holds of ${teller.name}`;
		assert.ok(isExact ? held === expected : held <= expected, text);
	}
	const { scenario } = simulation;
	const isPlain = scenario.publishers.every(({ mode }) => mode === "inside") && !hasOldLinks(simulation);
	if (scenario.wiring !== "graph" || scenario.hasCosts || !isPlain) return;
	const copies = 2 * scenario.edges.length - (scenario.relays.length - 1);
	const viewers = scenario.viewers.length;
	assert.equal(total, scenario.publishers.length * (copies + viewers), "announcements by the formula");
}

/** New groups reach every viewer and every relay, each once, over one subscription. */
export async function checkViewers(simulation: Simulation): Promise<void> {
	const { relays, publishers } = simulation;
	for (const { path } of simulation.scenario.publishers) for (const name of relays.keys()) simulation.watch(name, path);
	await simulation.pass(2000, 500);
	for (const viewer of simulation.viewers) viewer.retry();
	await simulation.pass(2000, 500);
	// What is on its way arrives, so that the new groups are all that comes from now on.
	await simulation.fabric.pass(4000);
	for (const viewer of simulation.viewers) viewer.whole.length = 0;
	const before = new Map([...publishers].map(([name, { written }]) => [name, written]));
	for (let at = 0; at < GROUPS; at++) {
		simulation.write();
		await simulation.fabric.pass(WRITE_MS);
	}
	await simulation.fabric.pass(4000);
	for (const { path, whole, place } of simulation.viewers) {
		const publisher = [...publishers.values()].find(({ plan }) => plan.path === path);
		assert.ok(publisher !== undefined);
		const from = before.get(publisher.plan.name) ?? 0;
		const expected = Array.from({ length: publisher.written - from }, (_, at) => `${publisher.mark} ${from + at}`);
		assert.deepEqual(whole.toSorted(), expected.toSorted(), `each new group of ${path} once at ${place.name}`);
	}
	for (const relay of relays.values()) checkUpstream(simulation, relay);
}

/** Each track comes in once, whoever watches. */
function checkUpstream({ publishers }: Simulation, { name, origin, sessions }: SimulatedRelay): void {
	const inside = [...publishers.values()].filter((publisher) => publisher.origin === origin).length;
	let upstream = 0;
	for (const { session } of sessions.values()) upstream += session.census.subscriptionsRequesting;
	assert.equal(upstream, publishers.size - inside, `subscriptions that ${name} holds upstream`);
}

/** When everybody stops nothing is left: no route, no session, no cached byte, no timer. */
export async function checkEmpty(simulation: Simulation): Promise<void> {
	const { fabric, relays, publishers, clients, viewers } = simulation;
	for (const viewer of viewers) viewer.close();
	for (const client of clients) client.link.close();
	for (const publisher of publishers.values()) publisher.stop();
	await fabric.pass(EMPTY_MS);
	for (const { name, origin } of relays.values()) {
		assert.deepEqual(origin.active("live"), [], `broadcasts left at ${name}`);
		assert.equal(origin.cacheByteLength, 0, `bytes left in the cache of ${name}`);
	}
	for (const relay of relays.values()) relay.stop();
	await fabric.pass(90_000);
	for (const { name, origin, sessions, life } of relays.values()) {
		assert.equal(sessions.size, 0, `sessions left at ${name}`);
		assert.equal(life.pending, 0, `timers left at ${name}`);
		// A root says how many it feeds for as long as it lives.
		const left = origin.active("").filter(({ path }) => !path.startsWith(".internal/fanout/"));
		assert.deepEqual(left, [], `names left at ${name}`);
	}
}

/** One direction of a session. */
interface End {
	readonly name: string;
	readonly session: Session;
	readonly origin: SimulatedRelay["origin"];
	readonly connection: Connection;
	readonly line: Line;
}

/** Both directions of every session that stands, by hearer and teller. */
function* linesOf(simulation: Simulation): Iterable<{ readonly hearer: End; readonly teller: End }> {
	const ends = new Map<Connection, End>();
	const add = (name: string, origin: End["origin"], one: { session: Session; connection: Connection }): void => {
		const line = simulation.fabric.lineOf(one.connection);
		if (line !== undefined)
			ends.set(one.connection, { name, origin, session: one.session, connection: one.connection, line });
	};
	for (const { name, origin, sessions } of simulation.relays.values()) {
		for (const live of sessions.values()) add(name, origin, live);
	}
	for (const { plan, origin, links } of simulation.publishers.values()) {
		for (const { up } of links) if (up !== undefined) add(plan.name, origin, up);
	}
	for (const { name, origin, link } of simulation.clients) if (link.up !== undefined) add(name, origin, link.up);
	for (const hearer of ends.values()) {
		const { client, server } = hearer.line.pair;
		const teller = ends.get(hearer.connection === client ? server : client);
		assert.ok(teller !== undefined, `both ends of the link between ${hearer.line.from} and ${hearer.line.to} stand`);
		yield { hearer, teller };
	}
}

/** What the teller has to tell the hearer: what its peer may see there, and did not come through the peer. */
function toldBy(teller: End, hearer: End): number {
	const may = teller.session.grant?.subscribe ?? [];
	const takes = hearer.session.grant?.publish ?? [];
	const isCovered = (path: string, by: readonly string[]): boolean =>
		by.some((prefix) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`));
	const isInternal = (path: string): boolean => /^\.?internal\//.test(path);
	const visible = teller.origin.active("").filter(({ path }) => {
		return (
			isCovered(path, may) && isCovered(path, takes) && (teller.session.grant?.cluster === true || !isInternal(path))
		);
	});
	if (OLD_PROTOCOLS.includes(teller.line.protocol)) return visible.length;
	return visible.filter(({ route }) => !route.hops.some((hop) => hop === hearer.origin.id)).length;
}

function namesById({ relays, publishers }: Simulation): ReadonlyMap<string, string> {
	const names = new Map<string, string>();
	for (const { name, origin } of relays.values()) names.set(String(origin.id), name);
	for (const { plan, origin } of publishers.values()) {
		if (plan.mode !== "inside") names.set(String(origin.id), plan.name);
	}
	return names;
}

/** Everybody with whom a relay has a session. */
function peersOf({ fabric }: Simulation, { name, sessions }: SimulatedRelay): readonly (string | undefined)[] {
	return [...sessions.values()].map(({ connection }) => {
		const line = fabric.lineOf(connection);
		return line?.from === name ? line.to : line?.from;
	});
}

function hasOldLinks({ scenario }: Simulation): boolean {
	return [...scenario.edges, ...scenario.publishers].some(({ protocol }) => OLD_PROTOCOLS.includes(protocol));
}

function distancesFrom({ scenario }: Simulation, start: string): ReadonlyMap<string, number> {
	const near = new Map<string, string[]>();
	for (const { from, to } of scenario.edges) {
		near.set(from, [...(near.get(from) ?? []), to]);
		near.set(to, [...(near.get(to) ?? []), from]);
	}
	const distances = new Map([[start, 0]]);
	for (const [name, distance] of distances) {
		for (const next of near.get(name) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
	}
	return distances;
}

const REST_MS = 5000;
const GROUPS = 4;
/** Longer than a broadcast ends, its tracks linger, and their last groups are kept. */
const EMPTY_MS = 20_000;
