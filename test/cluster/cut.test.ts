/** What a cut link between relays costs viewers: a ring finds the other way, a chain waits for the link. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Edge, PublisherPlan, Scenario } from "./scenario.ts";
import type { SimulatedPublisher } from "./simulated-publisher.ts";
import { Simulation } from "./simulation.ts";

/** Relays one after the other; in a ring the last one leads back to the first. */
function row(size: number, { isRing, mode }: { isRing: boolean; mode: "inside" | "single" }): Scenario {
	const relays = Array.from({ length: size }, (_, at) => `r${at}.test`);
	const edges = relays.map((from, at) => edge(from, relays[(at + 1) % size] ?? from));
	return scenario(relays, isRing ? edges : edges.slice(0, -1), [
		{ name: "p0.test", path: "live/0", relays: ["r0.test"], mode, protocol: LITE },
	]);
}

/** Two origins that do not know each other, one edge at both, and a publisher at both. */
function twoOrigins(): Scenario {
	const origins = ["a.test", "b.test"];
	const edges = origins.map((origin) => edge("edge.test", origin));
	return scenario(["edge.test", ...origins], edges, [
		{ name: "p0.test", path: "live/0", relays: origins, mode: "both", protocol: LITE },
	]);
}

function edge(from: string, to: string): Edge {
	return { from, to, protocol: LITE, cost: 1 };
}

/** With a viewer at each relay. */
function scenario(relays: readonly string[], edges: readonly Edge[], publishers: readonly PublisherPlan[]): Scenario {
	return {
		seed: 1,
		wiring: "graph",
		kind: "random",
		relays,
		edges,
		fanout: 3,
		hasCosts: false,
		publishers,
		viewers: relays.map((relay, at) => ({
			name: `v${at}.test`,
			path: "live/0",
			relay,
			protocol: at % 2 === 0 ? LITE : "moq-lite-04",
			bytesPerMs: undefined,
		})),
		latencyMs: 5,
		jitterMs: 2,
		lossRate: 0,
	};
}

/** A cluster at rest, with ears on what viewers with connections of their own are told of the path. */
async function cluster(plan: Scenario) {
	const simulation = new Simulation(plan);
	await simulation.pass(4000);
	for (const { place } of simulation.viewers) assert.equal(place.origin.active("live").length, 1, place.name);
	const told: string[] = [];
	for (const { name, origin } of simulation.clients) {
		const note = (what: string) => (): void => void told.push(`${what} at ${name}`);
		origin.watch("live/0", {
			onStart: () => {},
			onActive: note("active"),
			onRestart: note("restart"),
			onUpdate: () => {},
			onEnded: note("ended"),
		});
	}
	return { simulation, told, publisher: simulation.publishers.get("p0.test") as SimulatedPublisher };
}

/** Whether what is written now reaches every client, or those of one relay. */
async function isSeen(simulation: Simulation, publisher: SimulatedPublisher, relay?: string): Promise<boolean> {
	const plans = simulation.scenario.viewers.filter((plan) => relay === undefined || plan.relay === relay);
	const clients = simulation.viewers.filter(({ place }) => plans.some(({ name }) => name === place.name));
	assert.ok(clients.length > 0);
	const group = `${publisher.mark} ${publisher.written}`;
	publisher.write();
	await simulation.fabric.pass(100);
	return clients.every(({ whole }) => whole.includes(group));
}

for (const size of [4, 8, 12]) {
	for (const mode of ["inside", "single"] as const) {
		test(`Listing lets a ring of ${size} find the other way when a link is cut, publisher ${mode}`, async () => {
			const { simulation, told, publisher } = await cluster(row(size, { isRing: true, mode }));
			simulation.cut("r0.test", "r1.test");
			// The link is idle for 600 ms before anybody knows.
			await simulation.pass(600 + 900, 50);
			assert.ok(await isSeen(simulation, publisher));
			assert.deepEqual(told, []);
			assert.deepEqual(simulation.fabric.faults, []);
		});
	}
}

for (const lost of ["a.test", "b.test"]) {
	const losses: readonly (readonly [string, (simulation: Simulation) => void])[] = [
		["an origin", (simulation) => simulation.crash(lost)],
		["its link to an origin", (simulation) => simulation.cut("edge.test", lost)],
		["an origin's publisher", (simulation) => simulation.cut("p0.test", lost)],
	];
	for (const [what, lose] of losses) {
		test(`Listing keeps the viewers of an edge at two origins when it loses ${what}, ${lost}`, async () => {
			const { simulation, told, publisher } = await cluster(twoOrigins());
			lose(simulation);
			await simulation.pass(600 + 300, 50);
			assert.ok(await isSeen(simulation, publisher, "edge.test"));
			await simulation.pass(10_000);
			assert.ok(await isSeen(simulation, publisher, "edge.test"));
			const edges = simulation.scenario.viewers.filter(({ relay }) => relay === "edge.test");
			assert.deepEqual(
				told.filter((line) => edges.some(({ name }) => line.endsWith(name))),
				[],
			);
			assert.deepEqual(simulation.fabric.faults, []);
		});
	}
}

test("Listing keeps the viewers of a chain while a link is away for less than the linger", async () => {
	const { simulation, told, publisher } = await cluster(row(4, { isRing: false, mode: "single" }));
	simulation.cut("r0.test", "r1.test");
	await simulation.pass(2000, 250);
	assert.equal(await isSeen(simulation, publisher), false);
	simulation.heal();
	await simulation.pass(2500, 250);
	assert.ok(await isSeen(simulation, publisher));
	assert.deepEqual(told, []);
});

test("Listing ends a broadcast for the viewers of a chain whose link does not return", async () => {
	const { simulation, told } = await cluster(row(4, { isRing: false, mode: "single" }));
	simulation.cut("r0.test", "r1.test");
	await simulation.pass(4000, 250);
	assert.deepEqual(told, []);
	await simulation.pass(3000, 250);
	assert.deepEqual(
		told.toSorted((a, b) => (a < b ? -1 : 1)),
		["ended at v1.test", "ended at v2.test", "ended at v3.test"],
	);
});

test("Listing keeps the viewers of a publisher whose session is lost and comes back within the linger", async () => {
	const { simulation, told, publisher } = await cluster(row(8, { isRing: true, mode: "single" }));
	simulation.cut("p0.test", "r0.test");
	await simulation.pass(2000, 250);
	simulation.heal();
	await simulation.pass(3000, 250);
	assert.ok(await isSeen(simulation, publisher));
	assert.deepEqual(told, []);
});

const LITE = "moq-lite-05";
