/**
 * Lanes: what is played arrives as it is on the tape, and ends as the tape ends.
 * @module
 */

import assert from "node:assert/strict";
import { Tape } from "@moq-relay/core";
import { joinBytes, patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";
import type { Inbox } from "./inbox.ts";
import { chunksOf, header, POLICY, tapeOf } from "./tapes.ts";

/** The checks of this area. */
export const laneChecks: readonly Check[] = [
	{ title: "Lane.play() of a finished tape sends header, tape and FIN on one stream", run: finishedTape },
	{ title: "Lane.play() of an empty finished tape sends the header and FIN", run: emptyTape },
	{ title: "Lane.play() follows a tape while it grows", run: growingTape },
	{ title: "Lane.play() of a tape that grew plays it from the start", run: lateJoin },
	{ title: "Lane.play() lets 20 lanes play one tape in one turn", run: twentyLanes },
	{ title: "Lane.play() carries many groups of one lane", run: manyGroups },
	{ title: "Lane.play() works in either direction", run: bothDirections },
	{ title: "Tape.abort() resets running plays with its code", run: abortCode },
	{ title: "Lane.play() of an aborted tape resets with its code", run: abortedBefore },
	{ title: "Tape.evict() ends running plays with 31 Evicted", run: evict },
	{ title: "Lane.play() of an evicted tape resets with 31 Evicted", run: evictedBefore },
	{ title: "Tape.evict() of a finished tape leaves plays that ended alone", run: evictAfterEnd },
	{ title: "Lane.close() with a code resets running plays", run: closeWithCode },
	{ title: "Lane.close() without a code lets running plays end", run: closeWithoutCode },
	{ title: "Lane.play() after close() is ignored", run: playAfterClose },
	{ title: "Lane.close() leaves other lanes alone", run: closeOne },
	{ title: "LaneSink.onDrained() comes after close() once every play is over, however it ended", run: drained },
	{ title: "LaneSink.onDrained() of a lane without plays comes at once", run: drainedEmpty },
	{ title: "LaneSink.onDrained() is late enough for a FIN on another stream to come last", run: drainedOrder },
	{ title: "LaneSink.onDrained() does not come after close() with a code, nor while a play runs", run: notDrained },
	{ title: "SendStream.play() sends the tape after what was written", run: fetch },
	{ title: "SendStream.play() follows a growing tape, and passes its abort and eviction on", run: fetchEnds },
	{ title: "RecvSink.onData() chunks may be overwritten without harm to the tape", run: scribble },
];

async function finishedTape(pair: Harness): Promise<void> {
	for (const length of [1, 100, 16_384, 300_000, 2_000_000]) {
		const body = patternBytes(length, length);
		pair.server.lane(POLICY).play(tapeOf(chunksOf(body, pair.random)), header(length), 1);
		await whole(pair, joinBytes([header(length), body]));
	}
}

async function emptyTape(pair: Harness): Promise<void> {
	pair.server.lane(POLICY).play(tapeOf([]), header(2), 2);
	await whole(pair, header(2));
}

async function growingTape(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	pair.server.lane(POLICY).play(tape, header(3), 3);
	const inbox = await pair.uni(pair.client);
	const body = patternBytes(3, 400_000);
	let sent = header(3).byteLength;
	for (const chunk of chunksOf(body, pair.random)) {
		tape.append(chunk);
		sent += chunk.byteLength;
		await pair.until(`${sent} bytes of a growing tape`, () => inbox.byteLength === sent);
	}
	assert.equal(inbox.over, false);
	tape.finish();
	await whole(pair, joinBytes([header(3), body]));
}

async function lateJoin(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const body = patternBytes(4, 500_000);
	const [early, late] = [pair.server.lane(POLICY), pair.server.lane(POLICY)];
	early.play(tape, header(1), 4);
	tape.append(body.slice(0, 200_000));
	await pair.until("the first part", () => (pair.client.unis[0]?.byteLength ?? 0) >= 200_000);
	late.play(tape, header(2), 4);
	tape.append(body.slice(200_000));
	tape.finish();
	await whole(pair, joinBytes([header(1), body]));
	await whole(pair, joinBytes([header(2), body]));
}

async function twentyLanes(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const body = patternBytes(5, 60_000);
	tape.append(body.slice(0, 1000));
	for (let index = 0; index < 20; index++)
		pair.server.lane({ ...POLICY, priority: index * 12 }).play(tape, header(index), 5);
	tape.append(body.slice(1000));
	tape.finish();
	await pair.until("20 plays", () => pair.client.unis.filter((inbox) => inbox.finished).length === 20);
	const headers = new Set<number>();
	for (const inbox of pair.client.unis) {
		pair.same(inbox.bytes.subarray(4), body, "a play");
		headers.add(tagOf(inbox));
	}
	assert.equal(headers.size, 20, "each play has its own header");
}

async function manyGroups(pair: Harness): Promise<void> {
	const lane = pair.server.lane(POLICY);
	const bodies = Array.from({ length: 60 }, (_, group) => patternBytes(group, 1 + pair.random.below(30_000)));
	for (const [group, body] of bodies.entries()) {
		lane.play(tapeOf(chunksOf(body, pair.random)), header(group), group);
		if (group % 10 === 9) await pair.until("the groups so far", () => finished(pair) === group + 1);
	}
	for (const inbox of pair.client.unis)
		pair.same(inbox.bytes.subarray(4), bodies[tagOf(inbox)] ?? new Uint8Array(0), "a group");
}

async function bothDirections(pair: Harness): Promise<void> {
	const tape = tapeOf([patternBytes(6, 5000)]);
	for (const [sender, receiver] of pair.directions) {
		sender.lane(POLICY).play(tape, header(6), 6);
		const inbox = await pair.uni(receiver);
		await pair.until("the play", () => inbox.finished);
		pair.same(inbox.bytes, joinBytes([header(6), patternBytes(6, 5000)]), `the play of the ${sender.name}`);
	}
}

async function abortCode(pair: Harness): Promise<void> {
	for (const [index, code] of [0, 2, 24, 31, 64, 100].entries()) {
		const tape = new Tape("lite-05");
		tape.append(patternBytes(code, 5000));
		pair.server.lane(POLICY).play(tape, header(7), 7);
		const inbox = await pair.uni(pair.client, index + 1);
		await pair.until("the bytes before the abort", () => inbox.byteLength === 5004);
		tape.abort(code);
		await reset(pair, inbox, code);
	}
}

async function abortedBefore(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 5000));
	tape.abort(24);
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(8), 8);
	await reset(pair, await pair.uni(pair.client), 24);
	assert.deepEqual(lane.dropped, []);
}

async function evict(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 5000));
	for (let index = 0; index < 3; index++) pair.server.lane(POLICY).play(tape, header(index), 9);
	await pair.uni(pair.client, 3);
	await pair.until("the bytes before the eviction", () => pair.client.unis.every((inbox) => inbox.byteLength === 5004));
	tape.evict();
	for (const inbox of pair.client.unis) await reset(pair, inbox, 31);
}

async function evictedBefore(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 5000));
	tape.evict();
	pair.server.lane(POLICY).play(tape, header(10), 10);
	await reset(pair, await pair.uni(pair.client), 31);
}

async function evictAfterEnd(pair: Harness): Promise<void> {
	const body = patternBytes(1, 5000);
	const tape = tapeOf([body]);
	pair.server.lane(POLICY).play(tape, header(11), 11);
	await whole(pair, joinBytes([header(11), body]));
	tape.evict();
	await pair.pass(pair.server, pair.client);
	assert.equal(pair.client.unis.length, 1);
}

async function closeWithCode(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 5000));
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(1), 1);
	lane.play(tape, header(2), 2);
	await pair.uni(pair.client, 2);
	await pair.until("the first bytes", () => pair.client.unis.every((inbox) => inbox.byteLength === 5004));
	lane.close(26);
	for (const inbox of pair.client.unis) await reset(pair, inbox, 26);
	tape.append(patternBytes(2, 10));
	tape.finish();
	await pair.pass(pair.server, pair.client);
}

async function closeWithoutCode(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const body = patternBytes(1, 700_000);
	tape.append(body.slice(0, 1000));
	const lane = pair.server.lane(POLICY);
	lane.play(tape, header(12), 12);
	await pair.uni(pair.client);
	lane.close();
	tape.append(body.slice(1000));
	tape.finish();
	await whole(pair, joinBytes([header(12), body]));
	assert.deepEqual(lane.dropped, []);
}

async function playAfterClose(pair: Harness): Promise<void> {
	const lane = pair.server.lane(POLICY);
	lane.close();
	lane.play(tapeOf([patternBytes(1, 100)]), header(13), 13);
	lane.update({ ...POLICY, priority: 9 });
	lane.close(3);
	await pair.pass(pair.server, pair.client);
	assert.equal(pair.client.unis.length, 0);
	assert.deepEqual(lane.dropped, []);
}

async function closeOne(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 1000));
	const [first, second] = [pair.server.lane(POLICY), pair.server.lane(POLICY)];
	first.play(tape, header(1), 14);
	second.play(tape, header(2), 14);
	await pair.uni(pair.client, 2);
	first.close(5);
	await pair.until("the closed lane's reset", () => pair.client.unis.some((inbox) => inbox.resetCode === 5));
	tape.finish();
	await pair.until("the other lane's end", () => finished(pair) === 1);
	const other = pair.client.unis.find((inbox) => inbox.finished);
	pair.same(other?.bytes ?? new Uint8Array(0), joinBytes([header(2), patternBytes(1, 1000)]), "the other lane");
}

async function drained(pair: Harness): Promise<void> {
	const lane = pair.server.lane(POLICY);
	const open = [new Tape("lite-05"), new Tape("lite-05"), new Tape("lite-05"), new Tape("lite-05")] as const;
	for (const [index, tape] of open.entries()) {
		tape.append(patternBytes(index, 1000));
		lane.play(tape, header(index), index);
	}
	lane.play(tapeOf([patternBytes(9, 90_000)]), header(9), 9);
	await pair.until("every play", () => pair.client.unis.filter((inbox) => inbox.byteLength >= 1004).length === 5);
	lane.close();
	open[0].finish();
	open[1].abort(3);
	open[2].evict();
	pair.client.unis.find((inbox) => tagOf(inbox) === 3)?.stop(1);
	await pair.until("onDrained", () => lane.drained);
	open[3].finish();
	await pair.until("the ends of the plays", () => pair.client.unis.filter((inbox) => inbox.over).length === 4);
	assert.deepEqual(lane.dropped, [{ tag: 3, reason: "stopped" }]);
}

async function drainedEmpty(pair: Harness): Promise<void> {
	const lane = pair.server.lane(POLICY);
	lane.close();
	await pair.until("onDrained", () => lane.drained);
	lane.close();
	await pair.pass(pair.server, pair.client);
}

async function drainedOrder(pair: Harness): Promise<void> {
	const own = pair.client.openBidi();
	own.send.write(new Uint8Array(1));
	const request = await pair.bidi(pair.server);
	const lane = pair.server.lane(POLICY);
	lane.afterDrained = () => request.send.finish();
	for (let group = 0; group < 10; group++) lane.play(tapeOf([patternBytes(group, 100_000)]), header(group), group);
	lane.close();
	let before = 0;
	own.recv.afterData = () => {
		before = finished(pair);
	};
	await pair.until("FIN after the last group", () => own.recv.finished);
	assert.equal(before, 10, "groups that had ended when the FIN arrived");
}

async function notDrained(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const [reset, waits] = [pair.server.lane(POLICY), pair.server.lane(POLICY)];
	reset.play(tape, header(1), 1);
	waits.play(tape, header(2), 2);
	await pair.uni(pair.client, 2);
	reset.close(5);
	waits.close();
	await pair.pass(pair.server, pair.client);
	assert.equal(reset.drained || waits.drained, false);
	tape.finish();
	await pair.until("onDrained once the tape ended", () => waits.drained);
	assert.equal(reset.drained, false);
}

async function fetch(pair: Harness): Promise<void> {
	const [head, body] = [patternBytes(1, 33), patternBytes(2, 600_000)];
	pair.server.afterBidi = (stream) => {
		stream.send.write(head.slice());
		stream.send.play(tapeOf(chunksOf(body, pair.random)));
	};
	const own = pair.client.openBidi();
	own.send.finish();
	await pair.until("the answer", () => own.recv.finished);
	pair.same(own.recv.bytes, joinBytes([head, body]), "the answer");
}

async function fetchEnds(pair: Harness): Promise<void> {
	for (const ending of ["finish", "abort", "evict"] as const) {
		const tape = new Tape("lite-05");
		tape.append(patternBytes(1, 1000));
		pair.server.afterBidi = (stream) => stream.send.play(tape);
		const own = pair.client.openBidi();
		own.send.write(patternBytes(2, 1));
		await pair.until("the first part", () => own.recv.byteLength === 1000);
		tape.append(patternBytes(2, 1000));
		await pair.until("the second part", () => own.recv.byteLength === 2000);
		if (ending === "abort") tape.abort(65);
		else tape[ending]();
		await pair.until(`the end by ${ending}`, () => own.recv.over);
		assert.equal(own.recv.resetCode, { finish: undefined, abort: 65, evict: 31 }[ending]);
	}
}

async function scribble(pair: Harness): Promise<void> {
	const body = patternBytes(1, 100_000);
	const tape = tapeOf(chunksOf(body, pair.random));
	pair.client.afterUni = (inbox) => {
		inbox.afterData = () => inbox.bytes.fill(0);
	};
	pair.server.lane(POLICY).play(tape, header(1), 1);
	const scribbled = await pair.uni(pair.client);
	await pair.until("the scribbled play", () => scribbled.finished);
	pair.client.afterUni = undefined;
	pair.server.lane(POLICY).play(tape, header(2), 1);
	await whole(pair, joinBytes([header(2), body]));
}

async function whole(pair: Harness, expected: Uint8Array): Promise<void> {
	const match = (): Inbox | undefined => pair.client.unis.find((inbox) => tagOf(inbox) === tagBytes(expected));
	await pair.until(`FIN after ${expected.byteLength} bytes`, () => match()?.over === true);
	pair.same(match()?.bytes ?? new Uint8Array(0), expected, "the play");
	assert.equal(match()?.finished, true);
}

async function reset(pair: Harness, inbox: Inbox, code: number): Promise<void> {
	await pair.until(`reset ${code}`, () => inbox.over);
	assert.equal(inbox.resetCode, code);
}

function finished(pair: Harness): number {
	return pair.client.unis.filter((inbox) => inbox.finished).length;
}

function tagOf(inbox: Inbox): number {
	return tagBytes(inbox.bytes);
}

function tagBytes(bytes: Uint8Array): number {
	return bytes.byteLength < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
