import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArmName } from "./arm.ts";
import { cellOf, run } from "./fixture.test.ts";
import type { Measurement } from "./measurement.ts";
import { order, runCell } from "./rounds.ts";

const CELL = { ...cellOf("fan-sd"), arms: ["ours", "rust"] as const };

async function sequence(answer: (arm: ArmName, round: number, at: number) => Partial<Measurement>): Promise<string[]> {
	const said: string[] = [];
	await runCell(CELL, 2, {
		measure: (arm, _, round) => Promise.resolve(run(arm, round, answer(arm, round, said.length))),
		tell: (each) => said.push(`${each.arm} ${each.round}`),
	});
	return said;
}

test("order() turns round from round to round, with what is compared side by side", () => {
	assert.deepEqual(order(["rust", "ours", "udp"], 0), ["udp", "ours", "rust"]);
	assert.deepEqual(order(["rust", "ours", "udp"], 1), ["rust", "ours", "udp"]);
});

test("runCell() runs ABBA", async () => {
	assert.deepEqual(await sequence(() => ({})), ["ours 0", "rust 0", "rust 1", "ours 1"]);
});

test("runCell() repeats a refused run at once, and adds a round when that did not help", async () => {
	const once = await sequence((_arm, _round, at) => (at === 0 ? { refusals: ["late"] } : {}));
	assert.deepEqual(once, ["ours 0", "ours 0", "rust 0", "rust 1", "ours 1"]);
	const twice = await sequence((_arm, _round, at) => (at < 2 ? { refusals: ["late"] } : {}));
	assert.deepEqual(twice, ["ours 0", "ours 0", "rust 0", "rust 1", "ours 1", "ours 2", "rust 2"]);
});

test("runCell() gives up at twice the rounds, and does not repeat what a server did wrong", async () => {
	const refused = await sequence(() => ({ refusals: ["busy"] }));
	assert.equal(refused.length, 4 * 2 * 2);
	const failed = await sequence((arm) => (arm === "rust" ? { failure: "gone" } : {}));
	assert.equal(failed.length, 4);
});
