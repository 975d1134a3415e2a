import assert from "node:assert/strict";
import { test } from "node:test";
import { type Group, LocalBroadcast, type LocalGroup, type LocalTrack, Origin } from "@moq-relay/core";
import { VirtualClock } from "@moq-relay/testkit";
import { Code } from "@moq-relay/wire";
import fc from "fast-check";
import { WAITING_GROUPS_MAX } from "../limits.ts";
import { GroupOrder } from "./group-order.ts";

test("GroupOrder gives the frames of one group as they come", () => {
	const bench = new Bench();
	const group = bench.arrive();
	bench.write(group, "a");
	bench.settle();
	assert.deepEqual(bench.seen, ["^a0"]);
	bench.write(group, "b");
	assert.deepEqual(bench.seen, ["^a0", "b0"]);
});

test("GroupOrder puts groups that arrive in any order into sequence", () => {
	const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7, maxLength: 7 });
	fc.assert(
		fc.property(orders, (order) => {
			const bench = new Bench();
			const groups = order.map(() => bench.make());
			for (const index of order) bench.deliver(groups[index] as LocalGroup);
			// Frames come after all groups have begun, the last group's first.
			for (const group of groups.toReversed()) {
				bench.write(group, "x");
				bench.write(group, "y");
				group.finish();
			}
			bench.settle();
			assert.deepEqual(
				bench.seen,
				[0, 1, 2, 3, 4, 5, 6].flatMap((at) => [`^x${at}`, `y${at}`]),
			);
			assert.equal(bench.skipped, 0);
		}),
	);
});

test("GroupOrder waits for a hole until it is known missing", () => {
	const bench = new Bench();
	const [first, lost, third] = [bench.arrive(), bench.make(), bench.make()];
	bench.end(first, "a");
	bench.settle();
	bench.deliver(third);
	bench.end(third, "c");
	assert.deepEqual(bench.seen, ["^a0"]);
	bench.order.skip(lost.sequence, lost.sequence);
	assert.deepEqual(bench.seen, ["^a0", "^c2"]);
	assert.equal(bench.skipped, 1);
});

test("GroupOrder goes past a hole when enough newer groups wait", () => {
	const bench = new Bench();
	bench.end(bench.arrive(), "a");
	bench.settle();
	bench.make();
	for (let count = 0; count < WAITING_GROUPS_MAX; count++) bench.end(bench.arrive(), "b");
	assert.equal(bench.seen.length, 1, "still waiting");
	bench.end(bench.arrive(), "b");
	assert.equal(bench.seen.length, 2 + WAITING_GROUPS_MAX);
	assert.equal(bench.skipped, 1);
});

test("GroupOrder leaves a group that stalls when enough newer ones wait, and takes nothing of it later", () => {
	const bench = new Bench();
	const stalled = bench.arrive();
	bench.write(stalled, "a");
	bench.settle();
	for (let count = 0; count < WAITING_GROUPS_MAX; count++) bench.end(bench.arrive(), "b");
	assert.equal(bench.skipped, 1);
	assert.equal(bench.seen.length, 1 + WAITING_GROUPS_MAX);
	bench.write(stalled, "late");
	stalled.finish();
	assert.equal(bench.seen.length, 1 + WAITING_GROUPS_MAX);
});

test("GroupOrder gives what came of an aborted group and goes on with the next", () => {
	const bench = new Bench();
	const first = bench.arrive();
	bench.write(first, "a");
	first.abort(Code.Lagged);
	bench.end(bench.arrive(), "b");
	bench.settle();
	assert.deepEqual(bench.seen, ["^a0", "^b1"]);
	assert.equal(bench.skipped, 1);
});

test("GroupOrder begins with the lowest of the groups that arrive together, and takes none below it later", () => {
	const bench = new Bench();
	const [before, first, second] = [bench.make(), bench.make(), bench.make()];
	bench.deliver(second);
	bench.end(second, "c");
	bench.deliver(first);
	bench.end(first, "b");
	bench.settle();
	assert.deepEqual(bench.seen, ["^b1", "^c2"]);
	bench.deliver(before);
	bench.end(before, "a");
	assert.deepEqual(bench.seen, ["^b1", "^c2"]);
	assert.equal(bench.skipped, 0);
});

test("GroupOrder.end() lets open groups end by themselves, past holes, and then says so", () => {
	const bench = new Bench();
	bench.end(bench.arrive(), "a");
	bench.make();
	const last = bench.arrive();
	bench.write(last, "b");
	bench.order.end();
	assert.deepEqual(bench.seen, ["^a0", "^b2"]);
	assert.equal(bench.ends, 0);
	bench.end(last, "c");
	assert.deepEqual(bench.seen, ["^a0", "^b2", "c2"]);
	assert.equal(bench.ends, 1);
});

test("GroupOrder.end() without any group ends at once, and close() lets nothing out", () => {
	const bench = new Bench();
	bench.order.end();
	assert.equal(bench.ends, 1);

	const closed = new Bench();
	const group = closed.arrive();
	closed.write(group, "a");
	closed.order.close();
	closed.settle();
	closed.write(group, "b");
	group.finish();
	assert.deepEqual(closed.seen, []);
	assert.equal(closed.ends, 0);
});

test("GroupOrder does not keep what it has given out", () => {
	const bench = new Bench();
	const group = bench.arrive();
	bench.settle();
	for (let count = 0; count < 1000; count++) bench.write(group, "x");
	assert.equal(bench.seen.length, 1000);
	assert.ok(bench.seen[0]?.startsWith("^") && !bench.seen[999]?.startsWith("^"));
});

/** Groups made by a local track, handed to an order in any order. */
class Bench {
	readonly clock: VirtualClock = new VirtualClock();
	readonly seen: string[] = [];
	skipped = 0;
	ends = 0;
	readonly order: GroupOrder;
	readonly #track: LocalTrack;
	readonly #groups = new Map<number, Group>();

	constructor() {
		const origin = new Origin({ clock: this.clock, id: 1 });
		const broadcast = new LocalBroadcast();
		origin.announce("a", { hops: [], cost: 0 }, broadcast);
		this.#track = broadcast.track("t");
		const request = { priority: 0, ordered: false, latencyMs: 5000, startGroup: 0, endGroup: undefined };
		origin.broadcast("a")?.subscribe("t", request, {
			onInfo: () => {},
			onGroup: (group) => void this.#groups.set(group.sequence, group),
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => {},
			onError: (code) => assert.fail(`code ${code}`),
		});
		this.order = new GroupOrder(
			{
				onFrame: ({ timestamp, payload }, first) => {
					this.seen.push(`${first ? "^" : ""}${new TextDecoder().decode(payload)}${timestamp}`);
				},
				onSkipped: () => {
					this.skipped += 1;
				},
				onEnd: () => {
					this.ends += 1;
				},
			},
			this.clock,
		);
	}

	/** The time in which first groups are collected passes. */
	settle(): void {
		this.clock.run(this.clock.nowMs() + 1000);
	}

	/** A group that the order does not know. */
	make(): LocalGroup {
		return this.#track.group();
	}

	arrive(): LocalGroup {
		const group = this.make();
		this.deliver(group);
		return group;
	}

	deliver(group: LocalGroup): void {
		const found = this.#groups.get(group.sequence);
		assert.ok(found !== undefined);
		this.order.add(found);
	}

	write(group: LocalGroup, text: string): void {
		group.frame({ timestamp: group.sequence, payload: new TextEncoder().encode(text) });
	}

	end(group: LocalGroup, text: string): void {
		this.write(group, text);
		group.finish();
	}
}
