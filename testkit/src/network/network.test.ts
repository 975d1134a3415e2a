/** @module */
import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../virtual-clock.ts";
import { Link } from "./link.ts";
import { Network } from "./network.ts";

const CALM = { latencyMs: 10, jitterMs: 0, lossRate: 0, bytesPerMs: Number.POSITIVE_INFINITY };

function arrivals(clock: VirtualClock, link: Link, count: number): { at: number; index: number }[] {
	const arrived: { at: number; index: number }[] = [];
	for (let index = 0; index < count; index++) {
		link.carry(1000, () => arrived.push({ at: clock.nowMs(), index }));
	}
	return arrived;
}

test("Link.carry() delivers after the latency, in order", () => {
	const clock = new VirtualClock();
	const arrived = arrivals(clock, new Link(clock, CALM), 3);
	clock.runUntilIdle();
	assert.deepEqual(
		arrived,
		[0, 1, 2].map((index) => ({ at: 10, index })),
	);
});

test("Link.carry() takes the time that the bandwidth asks for", () => {
	const clock = new VirtualClock();
	const arrived = arrivals(clock, new Link(clock, { ...CALM, bytesPerMs: 100 }), 3);
	clock.runUntilIdle();
	assert.deepEqual(
		arrived.map(({ at }) => at),
		[20, 30, 40],
	);
});

test("Link.carry() loses nothing: loss makes frames late, jitter lets them overtake", () => {
	const clock = new VirtualClock({ seed: 4 });
	const link = new Link(clock, { ...CALM, jitterMs: 50, lossRate: 0.3 });
	const arrived = arrivals(clock, link, 200);
	clock.runUntilIdle();
	assert.equal(new Set(arrived.map(({ index }) => index)).size, 200);
	assert.ok(
		arrived.some(({ index }, at) => index !== at),
		"nothing overtook",
	);
	assert.ok(
		arrived.some(({ at }) => at > 60),
		"nothing was late",
	);
	assert.ok(link.lost > 30 && link.lost < 200);
});

test("Link.cast() loses about what the rate says", () => {
	const clock = new VirtualClock({ seed: 5 });
	const link = new Link(clock, { ...CALM, lossRate: 0.25 });
	let arrived = 0;
	for (let index = 0; index < 2000; index++) link.cast(100, () => arrived++);
	clock.runUntilIdle();
	assert.ok(arrived > 1400 && arrived < 1600, `${arrived} of 2000`);
	assert.equal(link.lost, 2000 - arrived);
});

test("Link.cut() holds what is on its way until heal(), in order, and drops datagrams", () => {
	const clock = new VirtualClock();
	const link = new Link(clock, CALM);
	const arrived = arrivals(clock, link, 2);
	let datagrams = 0;
	link.cast(1, () => datagrams++);
	clock.run(5);
	link.cut();
	link.carry(1, () => arrived.push({ at: clock.nowMs(), index: 2 }));
	link.cast(1, () => datagrams++);
	clock.run(1000);
	assert.deepEqual(arrived, []);
	link.heal();
	clock.runUntilIdle();
	assert.deepEqual(
		arrived,
		[0, 1, 2].map((index) => ({ at: 1010, index })),
	);
	assert.equal(datagrams, 0);
});

test("Link.turn() shares a link in turn, and waits while it is cut", () => {
	const clock = new VirtualClock();
	const link = new Link(clock, { ...CALM, bytesPerMs: 1 });
	const order: string[] = [];
	const sender = (name: string, left: number): void => {
		link.turn(() => {
			order.push(name);
			link.carry(10, () => {});
			if (left > 1) sender(name, left - 1);
		});
	};
	sender("a", 3);
	sender("b", 3);
	link.cut();
	clock.runUntilIdle();
	assert.deepEqual(order, []);
	link.heal();
	clock.runUntilIdle();
	assert.deepEqual(order, ["a", "b", "a", "b", "a", "b"]);
	assert.equal(clock.nowMs(), 50 + 10 + 10);
});

test("Network.partitionOneWay() cuts one direction, partition() both, heal() ends either", () => {
	const network = new Network(new VirtualClock());
	const { out, back } = network.route("a", "b");
	network.partitionOneWay("a", "b");
	assert.deepEqual([out.isCut, back.isCut], [true, false]);
	network.partition("b", "a");
	assert.deepEqual([out.isCut, back.isCut], [true, true]);
	network.heal("a", "b");
	assert.deepEqual([out.isCut, back.isCut], [false, false]);
	assert.equal(network.link("a", "b"), out);
});

test("Network.crash() silences a node on every link until restart(), and tells once", () => {
	const network = new Network(new VirtualClock());
	const early = network.link("a", "b");
	let told = 0;
	network.onCrash("b", () => told++);
	network.crash("b");
	network.crash("b");
	const late = network.link("b", "c");
	assert.deepEqual([told, early.isCut, late.isCut], [1, true, true]);
	network.heal("a", "b");
	assert.equal(early.isCut, true);
	network.restart("b");
	assert.deepEqual([early.isCut, late.isCut], [false, false]);
});
