/**
 * Lane policies: what is given up when a viewer does not keep up, and that TypeScript hears of it.
 * @module
 */

import assert from "node:assert/strict";
import { Tape } from "@moq-relay/core";
import { joinBytes, patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";
import type { Inbox } from "./inbox.ts";
import type { Dropped, LaneProbe } from "./lane-probe.ts";
import { HUGE_TAPE_BYTES, header, hugeTape, POLICY, tapeOf } from "./tapes.ts";

/** The checks of this area. */
export const lanePolicyChecks: readonly Check[] = [
	{ title: "LaneSink.onDropped() names the older play that outlived the latency", run: latency },
	{ title: "LaneSink.onDropped() stays silent while there is no newer play", run: newestSurvives },
	{ title: "LaneSink.onDropped() names the oldest play when older ones exceed the budget", run: budget },
	{ title: "Lane.update() counts for running plays", run: update },
	{ title: "Lane.update() while playing changes no bytes", run: updateIsHarmless },
	{ title: "LaneSink.onDropped() names a play that the peer stopped", run: stopped },
	{ title: "LaneSink.onDropped() names only the play that was stopped, and the lane goes on", run: stoppedOne },
	{ title: "Lane policies of one lane leave the plays of another alone", run: otherLanes },
];

async function latency(pair: Harness): Promise<void> {
	const lane = pair.server.lane({ ...POLICY, latencyMs: 20, budgetBytes: 2 * HUGE_TAPE_BYTES });
	const old = await stall(pair, lane, 1);
	playSmall(lane, 2);
	await dropped(pair, lane, [{ tag: 1, reason: "latency" }]);
	await survivors(pair, old, [2]);
}

async function newestSurvives(pair: Harness): Promise<void> {
	const lane = pair.server.lane({ ...POLICY, latencyMs: 0, budgetBytes: 0 });
	const inbox = await stall(pair, lane, 1);
	await pair.pass(pair.client, pair.server);
	assert.deepEqual(lane.dropped, []);
	inbox.read();
	await pair.until("the only play, whole", () => inbox.over);
	assert.equal(inbox.byteLength, HUGE_TAPE_BYTES + 4);
}

async function budget(pair: Harness): Promise<void> {
	const lane = pair.server.lane({ ...POLICY, budgetBytes: 1024 * 1024 });
	const old = await stall(pair, lane, 1);
	playSmall(lane, 2);
	await dropped(pair, lane, [{ tag: 1, reason: "budget" }]);
	await survivors(pair, old, [2]);
}

async function update(pair: Harness): Promise<void> {
	const lane = pair.server.lane({ ...POLICY, budgetBytes: 2 * HUGE_TAPE_BYTES });
	const old = await stall(pair, lane, 1);
	playSmall(lane, 2);
	await pair.pass(pair.client, pair.server);
	assert.deepEqual(lane.dropped, []);
	lane.update({ ...POLICY, latencyMs: 0, budgetBytes: 2 * HUGE_TAPE_BYTES });
	await dropped(pair, lane, [{ tag: 1, reason: "latency" }]);
	await survivors(pair, old, [2]);
}

async function updateIsHarmless(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(1), 1);
	const parts = [];
	for (let priority = 0; priority < 256; priority += 15) {
		const part = patternBytes(priority, 20_000);
		parts.push(part);
		tape.append(part.slice());
		lane.update({ ...POLICY, priority, order: priority % 2 === 0 ? "newest" : "oldest" });
	}
	tape.finish();
	const inbox = await pair.uni(pair.client);
	await pair.until("the play", () => inbox.finished);
	pair.same(inbox.bytes, joinBytes([header(1), ...parts]), "the play");
}

async function stopped(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 1000));
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(77), 77);
	const inbox = await pair.uni(pair.client);
	await pair.until("the first bytes", () => inbox.byteLength === 1004);
	inbox.stop(0);
	await dropped(pair, lane, [{ tag: 77, reason: "stopped" }]);
	tape.append(patternBytes(2, 1000));
	tape.finish();
	await pair.pass(pair.server, pair.client);
}

async function stoppedOne(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 1000));
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(1), 1);
	const first = await pair.uni(pair.client);
	lane.play(tape, header(2), 2);
	const second = await pair.uni(pair.client, 2);
	await pair.until("the first bytes", () => first.byteLength === 1004 && second.byteLength === 1004);
	first.stop(5);
	await dropped(pair, lane, [{ tag: 1, reason: "stopped" }]);
	tape.finish();
	playSmall(lane, 3);
	await pair.until("the other plays", () => pair.client.unis.filter((inbox) => inbox.finished).length === 2);
}

async function otherLanes(pair: Harness): Promise<void> {
	const strict = pair.server.lane({ ...POLICY, latencyMs: 0, budgetBytes: 0 });
	const patient = pair.server.lane({ ...POLICY, budgetBytes: 2 * HUGE_TAPE_BYTES });
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 1000));
	patient.play(tape, header(1), 1);
	const open = await pair.uni(pair.client);
	patient.play(tape, header(2), 2);
	await pair.uni(pair.client, 2);
	strict.play(tape, header(3), 3);
	playSmall(strict, 4);
	await dropped(pair, strict, [
		{ tag: 3, reason: "latency" },
		{ tag: 3, reason: "budget" },
	]);
	tape.finish();
	await pair.until("the plays of the patient lane", () => open.finished && pair.client.unis[1]?.finished === true);
	assert.deepEqual(patient.dropped, []);
}

/** Play more than fits anywhere to a viewer that does not read. */
async function stall(pair: Harness, lane: LaneProbe, tag: number): Promise<Inbox> {
	pair.client.reading = false;
	lane.play(hugeTape(), header(tag), tag);
	const inbox = await pair.uni(pair.client);
	await pair.until("the first bytes", () => inbox.byteLength > 0);
	return inbox;
}

function playSmall(lane: LaneProbe, tag: number): void {
	lane.play(tapeOf([patternBytes(tag, 100)]), header(tag), tag);
}

/** Wait for a drop; either of the given outcomes will do. */
async function dropped(pair: Harness, lane: LaneProbe, outcomes: readonly Dropped[]): Promise<void> {
	await pair.until("onDropped", () => lane.dropped.length > 0);
	const [first, ...more] = lane.dropped;
	assert.deepEqual(more, []);
	assert.ok(
		outcomes.some((outcome) => outcome.tag === first?.tag && outcome.reason === first.reason),
		`dropped ${first?.tag} for ${first?.reason}`,
	);
}

/** The dropped play is reset once the viewer reads on, and the small ones arrive whole. */
async function survivors(pair: Harness, old: Inbox, tags: readonly number[]): Promise<void> {
	pair.client.reading = true;
	for (const inbox of pair.client.unis) inbox.read();
	await pair.until("the reset of the dropped play", () => old.over);
	assert.notEqual(old.resetCode, undefined, "the dropped play arrived whole");
	const count = 1 + tags.length;
	await pair.until(
		"the newer plays",
		() => pair.client.unis.length === count && pair.client.unis.every((inbox) => inbox.over),
	);
	for (const inbox of pair.client.unis) {
		if (inbox === old) continue;
		const tag = new DataView(inbox.bytes.buffer, inbox.bytes.byteOffset).getUint32(0);
		assert.ok(tags.includes(tag));
		pair.same(inbox.bytes, joinBytes([header(tag), patternBytes(tag, 100)]), `play ${tag}`);
	}
}
