import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { EventQueue } from "./event-queue.ts";
import { TurnQueue } from "./turn-queue.ts";

test("TurnQueue runs each task once, in the next turn, all of one turn in one", () => {
	const clock = new VirtualClock();
	const turns = new TurnQueue(clock);
	const ran: string[] = [];
	const task = (name: string): { runTurn(): void } => ({ runTurn: () => ran.push(name) });
	const [one, two] = [task("one"), task("two")];
	turns.add(one);
	turns.add(two);
	turns.add(one);
	assert.deepEqual(ran, []);
	assert.equal(clock.pending, 1);
	clock.step();
	assert.deepEqual(ran, ["one", "two"]);
	assert.equal(clock.pending, 0);
});

test("TurnQueue puts work that a task asks for off to another turn", () => {
	const clock = new VirtualClock();
	const turns = new TurnQueue(clock);
	let runs = 0;
	const task = {
		runTurn: () => {
			if (++runs < 3) turns.add(task);
		},
	};
	turns.add(task);
	clock.step();
	assert.equal(runs, 1);
	clock.runUntilIdle();
	assert.equal(runs, 3);
});

test("TurnQueue runs the others when one throws", () => {
	const clock = new VirtualClock();
	const turns = new TurnQueue(clock);
	let ran = 0;
	turns.add({ runTurn: () => ran++ });
	turns.add({
		runTurn: () => {
			throw new TypeError("a bug");
		},
	});
	turns.add({ runTurn: () => ran++ });
	assert.throws(() => clock.step(), TypeError);
	clock.runUntilIdle();
	assert.equal(ran, 2);
});

test("EventQueue.run() tells what is posted meanwhile, and nothing inside itself", () => {
	const events = new EventQueue();
	const told: string[] = [];
	events.post(() => {
		events.post(() => told.push("second"));
		events.run();
		told.push("first");
	});
	assert.equal(events.pending, true);
	events.run();
	assert.deepEqual(told, ["first", "second"]);
	assert.equal(events.pending, false);
});

test("EventQueue.clear() inside an event drops what waits, not what comes after", () => {
	const events = new EventQueue();
	const told: string[] = [];
	events.post(() => told.push("first"));
	events.post(() => {
		events.clear();
		events.post(() => told.push("last"));
	});
	events.post(() => told.push("dropped"));
	events.run();
	assert.deepEqual(told, ["first", "last"]);
});

test("EventQueue.run() keeps the events after one that throws", () => {
	const events = new EventQueue();
	let told = 0;
	events.post(() => {
		throw new TypeError("a bug");
	});
	events.post(() => told++);
	assert.throws(() => events.run(), TypeError);
	assert.equal(events.pending, true);
	events.run();
	assert.equal(told, 1);
});
