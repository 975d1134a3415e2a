/** @module */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "./virtual-clock.ts";

test("VirtualClock.after() runs by time, then by order of setting, and moves time with it", () => {
	fc.assert(
		fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (delays) => {
			const clock = new VirtualClock();
			const ran: { at: number; index: number }[] = [];
			for (const [index, delay] of delays.entries()) clock.after(delay, () => ran.push({ at: clock.nowMs(), index }));
			clock.runUntilIdle();
			const expected = delays.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at || a.index - b.index);
			assert.deepEqual(ran, expected);
		}),
	);
});

test("VirtualClock.after() gives a cancellation that may come late or twice", () => {
	const clock = new VirtualClock();
	const ran: string[] = [];
	const cancel = clock.after(5, () => ran.push("cancelled"));
	const late = clock.after(1, () => ran.push("first"));
	clock.after(9, () => ran.push("second"));
	cancel();
	cancel();
	assert.equal(clock.pending, 2);
	clock.runUntilIdle();
	late();
	assert.deepEqual(ran, ["first", "second"]);
	assert.equal(clock.pending, 0);
});

test("VirtualClock.after() refuses what is no delay, and never runs after Infinity", () => {
	const clock = new VirtualClock();
	assert.throws(() => clock.after(-1, () => {}), RangeError);
	assert.throws(() => clock.after(Number.NaN, () => {}), RangeError);
	clock.after(Number.POSITIVE_INFINITY, () => assert.fail("ran"))();
	assert.equal(clock.pending, 0);
});

test("VirtualClock.run() runs what is due, timers set meanwhile included, and stops at its time", () => {
	const clock = new VirtualClock();
	const ran: number[] = [];
	const again = (): void => {
		ran.push(clock.nowMs());
		clock.after(10, again);
	};
	clock.after(10, again);
	clock.run(35);
	assert.deepEqual(ran, [10, 20, 30]);
	assert.equal(clock.nowMs(), 35);
	clock.run(20);
	assert.equal(clock.nowMs(), 35, "time does not go back");
});

test("VirtualClock.runUntilIdle(), run(), runUntil() and settle() fail on a livelock", async () => {
	const busy = (): VirtualClock => {
		const clock = new VirtualClock({ seed: 77 });
		const again = (): void => void clock.after(0, again);
		again();
		return clock;
	};
	assert.throws(() => busy().runUntilIdle({ maxSteps: 100 }), /still busy after 100 timers.*seed 77/);
	assert.throws(() => busy().run(5, { maxSteps: 100 }), /still busy/);
	assert.throws(() => busy().runUntil(() => false, { maxSteps: 100 }), /still busy/);
	await assert.rejects(
		busy().settle(() => false, { maxSteps: 100 }),
		/still busy/,
	);
});

test("VirtualClock.runUntil() and settle() fail when nothing is left to run", async () => {
	assert.throws(() => new VirtualClock().runUntil(() => false), /idle at 0 ms/);
	await assert.rejects(
		new VirtualClock().settle(() => false),
		/idle at 0 ms/,
	);
});

test("VirtualClock.settle() lets promises settle before each timer", async () => {
	const clock = new VirtualClock();
	const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
	const ran: number[] = [];
	const sleeper = async (): Promise<void> => {
		for (const ms of [5, 10, 20]) {
			await sleep(ms);
			ran.push(clock.nowMs());
		}
	};
	const done = sleeper();
	clock.after(12, () => ran.push(-12));
	await clock.settle(() => ran.length === 4);
	await done;
	assert.deepEqual(ran, [5, -12, 15, 35]);
});

test("VirtualClock.wallMs() follows virtual time and its skew; nowMs() does not", () => {
	const clock = new VirtualClock({ wallStartMs: 1000 });
	clock.run(50);
	assert.equal(clock.wallMs(), 1050);
	clock.skewWall(-500);
	assert.equal(clock.wallMs(), 550);
	assert.equal(clock.nowMs(), 50);
});

test("VirtualClock.random() repeats with its seed", () => {
	const draw = (seed: number): number[] => {
		const clock = new VirtualClock({ seed });
		return Array.from({ length: 20 }, () => clock.random());
	};
	assert.deepEqual(draw(5), draw(5));
	assert.notDeepEqual(draw(5), draw(6));
	for (const value of draw(7)) assert.ok(value >= 0 && value < 1);
});
