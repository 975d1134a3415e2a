/** Negative controls: each check of the simulation notices what it is there for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalBroadcast, Origin } from "@moq-relay/core";
import { memoryPair } from "@moq-relay/testkit";
import { checkAnnouncements, checkEmpty, checkFaults, checkRest, checkRoutes, checkViewers } from "./checks.ts";
import { runSeed } from "./run-seed.ts";
import type { Scenario } from "./scenario.ts";
import { FRAMES, type SimulatedPublisher } from "./simulated-publisher.ts";
import type { SimulatedRelay } from "./simulated-relay.ts";
import type { SimulatedViewer } from "./simulated-viewer.ts";
import { Simulation } from "./simulation.ts";

const RELAYS = ["r0.test", "r1.test", "r2.test", "r3.test"];
/** A square with one publisher, and a viewer opposite of it. */
const SQUARE: Scenario = {
	seed: 1,
	wiring: "graph",
	kind: "ring",
	relays: RELAYS,
	edges: RELAYS.map((from, at) => ({ from, to: RELAYS[(at + 1) % 4] ?? from, protocol: "moq-lite-05", cost: 1 })),
	fanout: 3,
	hasCosts: false,
	publishers: [{ name: "p0.test", path: "live/0", relays: ["r0.test"], mode: "inside", protocol: "moq-lite-05" }],
	viewers: [{ name: "v0.test", path: "live/0", relay: "r2.test", protocol: "moq-lite-04", bytesPerMs: undefined }],
	latencyMs: 5,
	jitterMs: 2,
	lossRate: 0,
};

/** A square at rest, and parts of it to spoil. */
async function square() {
	const simulation = new Simulation(SQUARE);
	await simulation.pass(6000);
	const far = simulation.relays.get("r2.test") as SimulatedRelay;
	const publisher = simulation.publishers.get("p0.test") as SimulatedPublisher;
	const viewer = simulation.viewers[0] as SimulatedViewer;
	return { simulation, far, publisher, viewer };
}

test("checkAll() has nothing to say of a square at rest", async () => {
	const { simulation } = await square();
	await checkRest(simulation);
	for (const relay of simulation.relays.values()) checkRoutes(simulation, relay);
	checkAnnouncements(simulation);
	await checkViewers(simulation);
	await checkEmpty(simulation);
	checkFaults(simulation);
});

test("checkRest() notices a table that does not come to rest", async () => {
	const { simulation, far } = await square();
	simulation.fabric.clock.after(
		4000,
		() => void far.origin.announce("late", { hops: [], cost: 0 }, new LocalBroadcast()),
	);
	await assert.rejects(checkRest(simulation), /come to rest/);
});

test("checkRoutes() notices a broadcast that nobody publishes, a lost one, and a way that is none", async () => {
	const { simulation, far, publisher } = await square();
	const ghost = far.origin.announce("live/9", { hops: [], cost: 0 }, new LocalBroadcast());
	assert.ok(typeof ghost === "object");
	assert.throws(() => checkRoutes(simulation, far), /broadcasts at r2/);
	ghost.close();
	checkRoutes(simulation, far);
	const hops = [publisher.origin.id];
	const short = far.origin.announce("live/0", { hops, cost: 0 }, new LocalBroadcast());
	assert.throws(() => checkRoutes(simulation, far), /as few hops/);
	assert.ok(typeof short === "object");
	short.close();
	publisher.stop();
	await simulation.pass(7000);
	assert.throws(() => checkRoutes(simulation, far), /broadcasts at r2/);
});

test("checkAnnouncements() notices one that is missing and one that is too many", async () => {
	const { simulation, far } = await square();
	const extra = far.origin.announce("live/9", { hops: [], cost: 0 }, new LocalBroadcast());
	assert.throws(() => checkAnnouncements(simulation), /announcements that/);
	await simulation.pass(1000);
	assert.throws(() => checkAnnouncements(simulation), /by the formula/);
	assert.ok(typeof extra === "object");
	extra.close();
	assert.throws(() => checkAnnouncements(simulation), /announcements that/);
});

test("checkViewers() notices a group that is missing, one that comes twice, and a byte that is not the publisher's", async () => {
	const missing = await square();
	for (const name of ["r1.test", "r3.test"]) missing.simulation.cut("r2.test", name);
	await assert.rejects(checkViewers(missing.simulation), /each new group/);
	const twice = await square();
	const { whole } = twice.viewer;
	whole.push = (...items) => Array.prototype.push.call(whole, ...items, ...items);
	await assert.rejects(checkViewers(twice.simulation), /each new group/);
	const bent = await square();
	bent.publisher.stop();
	const wrong = new LocalBroadcast();
	bent.simulation.relays.get("r0.test")?.origin.announce("live/0", { hops: [], cost: 0 }, wrong);
	const track = wrong.track("t");
	await bent.simulation.pass(1000);
	const group = track.group();
	for (let frame = 0; frame < FRAMES; frame++) group.frame({ timestamp: frame, payload: new Uint8Array(100) });
	group.finish();
	await bent.simulation.pass(1000);
	assert.throws(() => checkFaults(bent.simulation), /not as it was published/);
});

test("checkEmpty() notices a broadcast, a session and a timer that stay", async () => {
	const stays = await square();
	stays.publisher.stop = () => {};
	await assert.rejects(checkEmpty(stays.simulation), /broadcasts left/);
	const session = await square();
	for (const { sessions } of session.simulation.relays.values()) sessions.closeAll = () => {};
	await assert.rejects(checkEmpty(session.simulation), /left at/);
	const timer = await square();
	timer.simulation.fabric.clockOf(timer.far.life, { awaits: false }).after(1e9, () => {});
	await assert.rejects(checkEmpty(timer.simulation), /timers left/);
});

test("checkFaults() notices a peer that breaks a rule", async () => {
	const { simulation, far } = await square();
	const { client, server } = memoryPair(simulation.fabric.clock, { path: "/" });
	const recv = { onData: () => {}, onReset: () => {} };
	client.accept({
		onBidi: (stream) => stream.recv.accept(recv),
		onUni: (stream) => stream.accept(recv),
		onDatagram: () => {},
		onEnd: () => {},
	});
	far.sessions.serve(server, { direction: "in", granted: undefined });
	client.openUni()?.write(Uint8Array.of(0x3f, 0x3f, 0x3f));
	await simulation.pass(1000);
	assert.throws(() => checkFaults(simulation), /faults/);
});

test("runSeed() fails with its seed when a relay keeps what a lost session announced", async (context) => {
	// oxlint-disable-next-line typescript/unbound-method -- called with its `this` below
	const { announce } = Origin.prototype;
	context.mock.method(Origin.prototype, "announce", function (this: Origin, ...args: Parameters<typeof announce>) {
		const taken = announce.apply(this, args);
		return typeof taken === "string" ? taken : { ...taken, lost: () => {} };
	});
	await assert.rejects(runSeed(11, { sizeMax: 20 }), /SEED=11 SIM_NODES=20/);
});

test("runSeed() fails when a relay tells others what it has from them", async (context) => {
	// oxlint-disable-next-line typescript/unbound-method -- called with its `this` below
	const { watch } = Origin.prototype;
	context.mock.method(Origin.prototype, "watch", function (this: Origin, ...[prefix, sink]: Parameters<typeof watch>) {
		return watch.call(this, prefix, sink);
	});
	await assert.rejects(runSeed(11, { sizeMax: 20 }), /announcements/);
});
