/**
 * The end of a connection: code, reason and who, once, last, and with every later call ignored.
 * @module
 */

import assert from "node:assert/strict";
import { limits, Tape } from "@moq-relay/core";
import { patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";
import { header, hugeTape, POLICY } from "./tapes.ts";

/** The checks of this area. */
export const endingChecks: readonly Check[] = [
	...[0, 1, 6, 15, 31, 64, 1064].map((code) => ({
		title: `Connection.close(${code}) ends both sides with code, reason and who`,
		run: (pair: Harness): Promise<void> => close(pair, code),
	})),
	{ title: "Connection.close() by the accepting side likewise", run: closeByServer },
	{ title: "Connection.close() cuts the reason to REASON_BYTES_MAX", run: longReason },
	{ title: "Connection.close() by both at once ends each side once", run: closeByBoth },
	{ title: "ConnectionSink.onEnd() is the last event, in the middle of traffic", run: endInTraffic },
	{ title: "Connection calls after the end are ignored", run: callsAfterEnd },
	{ title: "Connection.close() twice counts once", run: closeTwice },
	{ title: "Connection.close() reaches a peer that reads nothing", run: closeOfTheStalled },
];

async function close(pair: Harness, code: number): Promise<void> {
	pair.client.close(code, "so long");
	await bothEnd(pair);
	assert.deepEqual(pair.client.end, { code, reason: "so long", by: "local" });
	assert.deepEqual(pair.server.end, { code, reason: "so long", by: "remote" });
}

async function closeByServer(pair: Harness): Promise<void> {
	pair.server.close(6, "");
	await bothEnd(pair);
	assert.deepEqual(pair.server.end, { code: 6, reason: "", by: "local" });
	assert.deepEqual(pair.client.end, { code: 6, reason: "", by: "remote" });
}

async function longReason(pair: Harness): Promise<void> {
	const reason = "ä".repeat(4000);
	pair.client.close(7, reason);
	await bothEnd(pair);
	for (const end of [pair.client.end, pair.server.end]) {
		const bytes = new TextEncoder().encode(end?.reason ?? "").byteLength;
		assert.ok(bytes <= limits.REASON_BYTES_MAX, `a reason of ${bytes} bytes`);
		assert.ok(reason.startsWith(end?.reason ?? "none"), "the reason is not the beginning of what was given");
	}
	assert.notEqual(pair.server.end?.reason, "");
}

async function closeByBoth(pair: Harness): Promise<void> {
	pair.client.close(1, "client");
	pair.server.close(2, "server");
	await bothEnd(pair);
	for (const end of [pair.client.end, pair.server.end]) assert.ok(end?.code === 1 || end?.code === 2);
}

async function endInTraffic(pair: Harness): Promise<void> {
	const tape = new Tape("lite-05");
	const growing = setGrowing(tape);
	for (let index = 0; index < 10; index++) {
		pair.client.lane(POLICY).play(tape, header(index), index);
		pair.server.lane(POLICY).play(tape, header(index), index);
		pair.client.openUni().write(patternBytes(index, 300_000));
		pair.server.openBidi().send.write(patternBytes(index, 300_000));
	}
	await pair.until("traffic", () => pair.client.unis.length > 3 && pair.server.unis.length > 3);
	growing();
	pair.server.close(15, "enough");
	growing();
	await bothEnd(pair);
	growing();
	tape.abort(3);
}

function setGrowing(tape: Tape): () => void {
	let turn = 0;
	return () => tape.append(patternBytes(turn++, 50_000));
}

async function callsAfterEnd(pair: Harness): Promise<void> {
	const uni = pair.client.openUni();
	const bidi = pair.client.openBidi();
	const lane = pair.client.lane(POLICY);
	const tape = new Tape("lite-05");
	tape.append(patternBytes(1, 1000));
	lane.play(tape, header(1), 1);
	bidi.send.play(tape);
	uni.write(patternBytes(1, 10));
	await pair.uni(pair.server);
	pair.server.close(0, "");
	await bothEnd(pair);
	uni.write(patternBytes(1, 10));
	uni.prioritise(4);
	uni.play(tape);
	uni.finish();
	uni.reset(1);
	bidi.recv.stop(1);
	tape.append(patternBytes(1, 1000));
	lane.play(tape, header(2), 2);
	lane.datagram(patternBytes(1, 10));
	lane.update({ ...POLICY, latencyMs: 0 });
	lane.close(1);
	assert.equal(pair.client.tryUni(), undefined);
	assert.equal(pair.client.tryBidi(), undefined);
	pair.client.lane(POLICY).play(tape, header(3), 3);
	pair.client.close(9, "again");
	pair.client.connection.stats();
	tape.finish();
	tape.evict();
	assert.deepEqual(pair.client.end, { code: 0, reason: "", by: "remote" });
}

async function closeTwice(pair: Harness): Promise<void> {
	pair.client.close(4, "first");
	pair.client.close(5, "second");
	await bothEnd(pair);
	assert.deepEqual(pair.client.end, { code: 4, reason: "first", by: "local" });
	assert.equal(pair.server.end?.code, 4);
}

async function closeOfTheStalled(pair: Harness): Promise<void> {
	pair.client.reading = false;
	pair.server.lane(POLICY).play(hugeTape(), header(1), 1);
	const inbox = await pair.uni(pair.client);
	await pair.until("the first bytes", () => inbox.byteLength > 0);
	pair.client.close(2, "lazy");
	await bothEnd(pair);
	assert.deepEqual(pair.server.end, { code: 2, reason: "lazy", by: "remote" });
}

async function bothEnd(pair: Harness): Promise<void> {
	await pair.until("onEnd on both sides", () => pair.client.end !== undefined && pair.server.end !== undefined);
}
