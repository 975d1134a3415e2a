/**
 * Codes: RESET_STREAM and STOP_SENDING reach the other side unmapped, and end what they name.
 * @module
 */
import assert from "node:assert/strict";
import { patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";

/** The checks of this area. */
export const codeChecks: readonly Check[] = [
	{ title: "SendStream.reset() delivers every code as given", run: resetCodes },
	{ title: "RecvStream.stop() delivers every code as given, and nothing follows", run: stopCodes },
	{ title: "SendStream.reset() drops what is unsent", run: resetDropsUnsent },
	{ title: "SendStream.reset() before any byte still shows the stream to the peer", run: resetFirst },
	{ title: "SendStream.write() after reset() is ignored", run: writeAfterReset },
	{ title: "SendSink.onStop() ends the half: later calls are ignored", run: callsAfterStop },
	{ title: "SendStream.reset() of one half leaves the other open", run: halfReset },
	{ title: "RecvStream.stop() from the opener of a bidirectional stream reaches the answering half", run: openerStops },
	{ title: "RecvStream.consumed() and stop() after the end are ignored", run: callsAfterEnd },
];

async function resetCodes(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		for (const [index, code] of CODES.entries()) {
			const outbox = sender.openUni();
			outbox.write(patternBytes(code, 10));
			const inbox = await pair.uni(receiver, index + 1);
			await pair.until("the bytes before a reset", () => inbox.byteLength === 10);
			outbox.reset(code);
			await pair.until(`reset ${code}`, () => inbox.over);
			assert.equal(inbox.resetCode, code);
		}
	}
}

async function stopCodes(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		for (const [index, code] of CODES.entries()) {
			const outbox = sender.openUni();
			outbox.write(patternBytes(code, 10));
			const inbox = await pair.uni(receiver, index + 1);
			inbox.stop(code);
			await pair.until(`stop ${code}`, () => outbox.stopCodes.length > 0);
			assert.deepEqual(outbox.stopCodes, [code]);
			outbox.write(patternBytes(code, 10));
			outbox.finish();
		}
	}
	await pair.pass(pair.client, pair.server);
}

async function resetDropsUnsent(pair: Harness): Promise<void> {
	pair.server.reading = false;
	const outbox = pair.client.openUni();
	for (let part = 0; part < 64; part++) outbox.write(new Uint8Array(64 * 1024));
	const inbox = await pair.uni(pair.server);
	await pair.until("the first bytes", () => inbox.byteLength > 0);
	outbox.reset(5);
	inbox.read();
	await pair.until("the reset", () => inbox.over);
	assert.equal(inbox.resetCode, 5);
	assert.ok(inbox.byteLength < 64 * 64 * 1024, "a reset stream arrived whole");
}

async function resetFirst(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		sender.openUni().reset(13);
		const inbox = await pair.uni(receiver);
		await pair.until("the reset", () => inbox.over);
		assert.equal(inbox.resetCode, 13);
	}
}

async function writeAfterReset(pair: Harness): Promise<void> {
	const outbox = pair.client.openUni();
	outbox.write(patternBytes(1, 10));
	const inbox = await pair.uni(pair.server);
	outbox.reset(7);
	outbox.write(patternBytes(2, 10));
	outbox.finish();
	outbox.reset(8);
	await pair.until("the reset", () => inbox.over);
	outbox.write(patternBytes(3, 10));
	outbox.finish();
	await pair.pass(pair.client, pair.server);
	assert.equal(inbox.resetCode, 7);
}

async function callsAfterStop(pair: Harness): Promise<void> {
	const own = pair.client.openBidi();
	own.send.write(patternBytes(1, 10));
	const stream = await pair.bidi(pair.server);
	stream.recv.stop(9);
	await pair.until("the stop", () => own.send.stopCodes.length > 0);
	own.send.write(patternBytes(2, 10));
	own.send.prioritise(3);
	own.send.finish();
	own.send.reset(1);
	stream.send.write(patternBytes(3, 10));
	stream.send.finish();
	await pair.until("the other half", () => own.recv.finished);
	pair.same(own.recv.bytes, patternBytes(3, 10), "the other half");
}

async function halfReset(pair: Harness): Promise<void> {
	const own = pair.client.openBidi();
	own.send.write(patternBytes(1, 10));
	const stream = await pair.bidi(pair.server);
	own.send.reset(4);
	await pair.until("the reset", () => stream.recv.over);
	assert.equal(stream.recv.resetCode, 4);
	stream.send.write(patternBytes(2, 100_000));
	stream.send.finish();
	await pair.until("the other half", () => own.recv.finished);
	pair.same(own.recv.bytes, patternBytes(2, 100_000), "the other half");
}

async function openerStops(pair: Harness): Promise<void> {
	const own = pair.client.openBidi();
	own.send.write(patternBytes(1, 10));
	const stream = await pair.bidi(pair.server);
	stream.send.write(patternBytes(2, 10));
	own.recv.stop(64);
	await pair.until("the stop", () => stream.send.stopCodes.length > 0);
	assert.deepEqual(stream.send.stopCodes, [64]);
	own.send.write(patternBytes(3, 10));
	own.send.finish();
	await pair.until("the half that was not stopped", () => stream.recv.finished);
	assert.equal(stream.recv.byteLength, 20);
}

async function callsAfterEnd(pair: Harness): Promise<void> {
	const [finished, reset] = [pair.client.openUni(), pair.client.openUni()];
	finished.finish();
	reset.reset(2);
	await pair.uni(pair.server, 2);
	await pair.until("both ends", () => pair.server.unis.every((inbox) => inbox.over));
	const over = [...pair.server.unis];
	for (const inbox of over) inbox.stop(1);
	await pair.pass(pair.client, pair.server);
	assert.deepEqual(finished.stopCodes, [], "a stop after FIN was passed on");
}

/** Around the places where the WebTransport mapping skips a code (every 30), and beyond one byte. */
const CODES: readonly number[] = [0, 1, 13, 29, 30, 31, 32, 59, 60, 64, 65, 127, 255, 1000, 65_535];
