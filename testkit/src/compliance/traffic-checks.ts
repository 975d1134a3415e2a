/**
 * Everything at once: random operations from both ends, and every stream still keeps its promise.
 * @module
 */
import assert from "node:assert/strict";
import { patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { End } from "./end.ts";
import type { Harness } from "./harness.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

/** The checks of this area. */
export const trafficChecks: readonly Check[] = [
	{
		title: "Connection keeps every stream's bytes apart and in order under random traffic from both ends",
		run: randomTraffic,
	},
];

/** What one side did to one stream. */
interface Story {
	readonly outbox: Outbox;
	readonly seed: number;
	written: number;
	ending: "open" | "finished" | "reset";
}

async function randomTraffic(pair: Harness): Promise<void> {
	const stories = [new Map<number, Story>(), new Map<number, Story>()];
	for (let round = 0; round < ROUNDS; round++) {
		for (const [side, [sender]] of pair.directions.entries()) act(pair, sender, stories[side] ?? new Map());
		for (const [, receiver] of pair.directions) interfere(pair, receiver);
		if (round % 10 !== 9) continue;
		readAll(pair);
		await pair.pass(pair.client, pair.server);
	}
	for (const all of stories) for (const story of all.values()) end(story, "finished");
	readAll(pair);
	for (const [side, [, receiver]] of pair.directions.entries()) {
		const all = stories[side] ?? new Map<number, Story>();
		await pair.until(`the end of ${all.size} streams at the ${receiver.name}`, () => settled(receiver, all));
		for (const inbox of receiver.unis) compare(pair, inbox, all);
	}
}

function act(pair: Harness, sender: End, stories: Map<number, Story>): void {
	const { random } = pair;
	const open = [...stories.values()].filter((story) => story.ending === "open");
	if (open.length < OPEN_MAX && random.chance(0.5)) {
		const seed = stories.size;
		const story: Story = { outbox: sender.openUni(), seed, written: 0, ending: "open" };
		stories.set(seed, story);
		grow(story, 8);
		return;
	}
	if (open.length === 0) return;
	const story = random.pick(open);
	if (random.chance(0.6)) grow(story, random.below(60_000));
	else if (random.chance(0.7)) end(story, "finished");
	else end(story, "reset");
}

function interfere(pair: Harness, receiver: End): void {
	receiver.reading = pair.random.chance(0.7);
	for (const inbox of receiver.unis) if (pair.random.chance(0.5)) inbox.consumeAll();
}

/** Streams that stay unread would use up the session's credit, and with it everybody else's. */
function readAll(pair: Harness): void {
	for (const [, receiver] of pair.directions) {
		receiver.reading = true;
		for (const inbox of receiver.unis) inbox.read();
	}
}

function grow(story: Story, length: number): void {
	const bytes = storyBytes(story.seed, STORY_BYTES_MAX).slice(story.written, story.written + length);
	story.written += bytes.byteLength;
	story.outbox.write(bytes);
}

function end(story: Story, how: "finished" | "reset"): void {
	if (story.ending !== "open") return;
	story.ending = how;
	if (how === "finished") story.outbox.finish();
	else story.outbox.reset(story.seed);
}

function settled(receiver: End, stories: ReadonlyMap<number, Story>): boolean {
	return receiver.unis.length === stories.size && receiver.unis.every((inbox) => inbox.over);
}

function compare(pair: Harness, inbox: Inbox, stories: Map<number, Story>): void {
	const seed =
		inbox.byteLength >= 4 ? new DataView(inbox.bytes.buffer, inbox.bytes.byteOffset).getUint32(0) : inbox.resetCode;
	const story = stories.get(seed ?? -1);
	assert.ok(story, `stream ${seed} arrived twice or was never sent`);
	stories.delete(story.seed);
	pair.same(inbox.bytes, storyBytes(story.seed, inbox.byteLength), `stream ${story.seed}`);
	if (story.ending === "reset") assert.equal(inbox.resetCode, story.seed);
	else assert.equal(inbox.finished && inbox.byteLength, story.written, `stream ${story.seed}`);
}

function storyBytes(seed: number, length: number): Uint8Array {
	const bytes = patternBytes(seed, STORY_BYTES_MAX);
	new DataView(bytes.buffer).setUint32(0, seed);
	return bytes.subarray(0, length);
}

const ROUNDS = 150;
const OPEN_MAX = 20;
const STORY_BYTES_MAX = 400_000;
