/**
 * Datagrams: whole or not at all.
 * @module
 */
import assert from "node:assert/strict";
import { difference, patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { End } from "./end.ts";
import type { Harness } from "./harness.ts";
import { POLICY } from "./tapes.ts";

/** The checks of this area. */
export const datagramChecks: readonly Check[] = [
	{ title: "ConnectionInfo.datagramBytesMax carries at least 1000 bytes", needs: "datagrams", run: size },
	{ title: "Lane.datagram() arrives whole, in either direction", needs: "datagrams", run: whole },
	{ title: "Lane.datagram() that does not fit is dropped silently", needs: "datagrams", run: tooLarge },
	{ title: "Lane.datagram() after close() is ignored", needs: "datagrams", run: afterClose },
];

async function size(pair: Harness): Promise<void> {
	for (const [end] of pair.directions)
		assert.ok(end.info.datagramBytesMax >= 1000, `${end.info.datagramBytesMax} bytes`);
}

async function whole(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		const lengths = [0, 1, 500, sender.info.datagramBytesMax];
		for (const length of lengths) await arrives(pair, [sender, receiver], length);
	}
}

async function tooLarge(pair: Harness): Promise<void> {
	const { client, server } = pair;
	client.lane(POLICY).datagram(patternBytes(1, client.info.datagramBytesMax + 1));
	client.lane(POLICY).datagram(patternBytes(1, 1_000_000));
	await pair.pass(client, server);
	assert.equal(server.datagrams.length, 0);
	await arrives(pair, [client, server], 100);
}

async function afterClose(pair: Harness): Promise<void> {
	const lane = pair.client.lane(POLICY);
	lane.close();
	lane.datagram(patternBytes(1, 100));
	await pair.pass(pair.client, pair.server);
	assert.equal(pair.server.datagrams.length, 0);
}

/** A path may lose datagrams, so it is offered again until one comes through; what comes must be what was sent. */
async function arrives(pair: Harness, [sender, receiver]: readonly [End, End], length: number): Promise<void> {
	const before = receiver.datagrams.length;
	const payload = patternBytes(length, length);
	const lane = sender.lane(POLICY);
	for (let attempt = 0; attempt < ATTEMPTS_MAX && receiver.datagrams.length === before; attempt++) {
		lane.datagram(payload.slice());
		await pair.pass(sender, receiver);
	}
	const received = receiver.datagrams.slice(before);
	assert.ok(received.length > 0, `no datagram of ${length} bytes arrived in ${ATTEMPTS_MAX} attempts`);
	for (const datagram of received) assert.equal(difference(datagram, payload), undefined);
}

const ATTEMPTS_MAX = 20;
