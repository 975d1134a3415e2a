/**
 * Credit and stream limits: a sender that floods is held back by the transport, and nothing is lost by it.
 * @module
 */

import assert from "node:assert/strict";
import { limits } from "@moq-relay/core";
import { patternBytes } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

/** The checks of this area. */
export const creditChecks: readonly Check[] = [
	{ title: "RecvStream.consumed() withheld stops a stream at READ_AHEAD_BYTES; given, all arrives", run: streamCredit },
	{ title: "RecvStream.consumed() in small portions lets a stream through to its end", run: portions },
	{
		title: "RecvStream.consumed() withheld on many streams stops the session at SESSION_READ_AHEAD_BYTES",
		run: sessionCredit,
	},
	{ title: "RecvStream.consumed() withheld on one stream holds up no other", needs: "stream-credit", run: isolation },
	{ title: "RecvStream.consumed() may come after FIN", run: lateCredit },
	{ title: "RecvStream.stop() and SendStream.reset() give back the session's credit", run: creditOfTheDead },
	{
		title: "SendStream.write() tells when more than STREAM_SEND_BYTES_MAX is unsent, and takes the bytes",
		run: writeTells,
	},
	{
		title: "openUni() takes STREAMS_PENDING_MAX streams in one turn, refuses at last, and opens all it took",
		needs: "stream-limit",
		run: streamLimit,
	},
	{ title: "openBidi() refuses at last, and opens all it took", needs: "stream-limit", run: bidiLimit },
	{ title: "openUni() goes on for more streams than the peer's limit as they end", run: manyStreams },
];

async function streamCredit(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		receiver.reading = false;
		const bytes = patternBytes(1, FLOOD_BYTES);
		write(sender.openUni(), bytes);
		const inbox = await pair.uni(receiver);
		await pair.until("the first bytes", () => inbox.byteLength > 0);
		await pair.pass(receiver, sender);
		atMost(inbox.byteLength, limits.READ_AHEAD_BYTES, [inbox]);
		assert.ok(!inbox.finished);
		inbox.read();
		await pair.until("all bytes once credit is returned", () => inbox.finished);
		pair.same(inbox.bytes, bytes, "the flood");
	}
}

async function portions(pair: Harness): Promise<void> {
	pair.server.reading = false;
	const bytes = patternBytes(2, 3 * limits.READ_AHEAD_BYTES + 77);
	write(pair.client.openUni(), bytes);
	const inbox = await pair.uni(pair.server);
	let seen = 0;
	while (!inbox.finished) {
		await pair.until(`bytes after ${seen}`, () => inbox.byteLength > seen || inbox.finished);
		seen = inbox.byteLength;
		inbox.consumeAll();
	}
	pair.same(inbox.bytes, bytes, "the stream");
}

async function sessionCredit(pair: Harness): Promise<void> {
	pair.server.reading = false;
	const count = 2 * Math.ceil(limits.SESSION_READ_AHEAD_BYTES / limits.READ_AHEAD_BYTES);
	for (let index = 0; index < count; index++)
		write(pair.client.openUni(), patternBytes(index, limits.READ_AHEAD_BYTES));
	await pair.uni(pair.server);
	await pair.pass(pair.server, pair.client);
	const total = pair.server.unis.reduce((sum, inbox) => sum + inbox.byteLength, 0);
	atMost(total, limits.SESSION_READ_AHEAD_BYTES, pair.server.unis);
	pair.server.reading = true;
	for (const inbox of pair.server.unis) inbox.read();
	await pair.until("all streams once credit is returned", () => ended(pair.server.unis) === count);
	for (const inbox of pair.server.unis) assert.equal(inbox.byteLength, limits.READ_AHEAD_BYTES);
}

async function isolation(pair: Harness): Promise<void> {
	pair.server.reading = false;
	write(pair.client.openUni(), patternBytes(1, FLOOD_BYTES));
	const stalled = await pair.uni(pair.server);
	await pair.until("the first bytes", () => stalled.byteLength > 0);
	pair.server.reading = true;
	const bytes = patternBytes(2, 2_000_000);
	write(pair.client.openUni(), bytes);
	const inbox = await pair.uni(pair.server, 2);
	await pair.until("the other stream", () => inbox.finished);
	pair.same(inbox.bytes, bytes, "the other stream");
	assert.ok(!stalled.finished);
}

async function lateCredit(pair: Harness): Promise<void> {
	pair.server.reading = false;
	for (let index = 0; index < 64; index++) write(pair.client.openUni(), patternBytes(index, 1000));
	await pair.until("64 streams", () => ended(pair.server.unis) === 64);
	for (const inbox of pair.server.unis) inbox.consumeAll();
	for (const inbox of pair.server.unis) inbox.consumeAll();
	write(pair.client.openUni(), patternBytes(1, limits.READ_AHEAD_BYTES));
	const inbox = await pair.uni(pair.server, 65);
	inbox.read();
	await pair.until("a stream after them", () => inbox.finished);
}

async function creditOfTheDead(pair: Harness): Promise<void> {
	const perStream = limits.READ_AHEAD_BYTES;
	const enough = Math.ceil((2 * limits.SESSION_READ_AHEAD_BYTES) / perStream);
	pair.server.reading = false;
	for (let index = 0; index < enough; index++) {
		const outbox = pair.client.openUni();
		outbox.write(patternBytes(index, perStream / 2));
		const inbox = await pair.uni(pair.server, index + 1);
		await pair.until(`bytes of stream ${index}`, () => inbox.byteLength > 0);
		if (index % 2 === 0) inbox.stop(0);
		else {
			outbox.reset(0);
			await pair.until(`reset of stream ${index}`, () => inbox.over);
		}
		// A call after the end: it may not return the same credit twice.
		if (index % 4 < 2) inbox.consumeAll();
	}
	pair.server.reading = true;
	write(pair.client.openUni(), patternBytes(1, FLOOD_BYTES));
	const inbox = await pair.uni(pair.server, enough + 1);
	await pair.until("a stream after them", () => inbox.finished);
	assert.equal(inbox.byteLength, FLOOD_BYTES);
}

async function writeTells(pair: Harness): Promise<void> {
	pair.server.reading = false;
	const outbox = pair.client.openUni();
	const bytes = patternBytes(3, 2 * limits.STREAM_SEND_BYTES_MAX);
	assert.equal(outbox.write(bytes.slice(0, 1000)), true, "a thousand bytes");
	assert.equal(outbox.write(bytes.slice(1000)), false, "more than fits");
	outbox.finish();
	const inbox = await pair.uni(pair.server);
	inbox.read();
	await pair.until("all bytes all the same", () => inbox.finished);
	pair.same(inbox.bytes, bytes, "the stream");
}

async function streamLimit(pair: Harness): Promise<void> {
	const streams: Outbox[] = [];
	const most = pair.factory.streamsMax + limits.STREAMS_PENDING_MAX + 1;
	for (
		let stream = pair.client.tryUni();
		stream !== undefined && streams.length < most;
		stream = pair.client.tryUni()
	) {
		streams.push(stream);
	}
	assert.ok(streams.length >= limits.STREAMS_PENDING_MAX, `refused after ${streams.length} streams`);
	assert.ok(streams.length < most, `${streams.length} streams wait`);
	for (const stream of streams) {
		stream.write(new Uint8Array(3));
		stream.finish();
	}
	await pair.until("every stream that was taken", () => ended(pair.server.unis) === streams.length);
	const late = pair.client.openUni();
	late.finish();
	await pair.uni(pair.server, streams.length + 1);
}

async function bidiLimit(pair: Harness): Promise<void> {
	pair.server.afterBidi = (stream) => stream.send.finish();
	const streams: Outbox[] = [];
	const most = pair.factory.streamsMax + limits.STREAMS_PENDING_MAX + 1;
	for (
		let stream = pair.client.tryBidi();
		stream !== undefined && streams.length < most;
		stream = pair.client.tryBidi()
	) {
		streams.push(stream.send);
	}
	assert.ok(streams.length < most, `${streams.length} streams wait`);
	for (const stream of streams) {
		stream.write(new Uint8Array(3));
		stream.finish();
	}
	const received = (): Inbox[] => pair.server.bidis.map((stream) => stream.recv);
	await pair.until("every stream that was taken", () => ended(received()) === streams.length);
}

async function manyStreams(pair: Harness): Promise<void> {
	const count = Math.min(2 * pair.factory.streamsMax, 500) + 10;
	for (let index = 0; index < count; index++) {
		write(pair.client.openUni(), patternBytes(index, 100));
		if (index % 50 === 49) await pair.until("the streams so far", () => ended(pair.server.unis) === index + 1);
	}
	await pair.until("all streams", () => ended(pair.server.unis) === count);
}

function write(outbox: Outbox, bytes: Uint8Array): void {
	for (let at = 0; at < bytes.byteLength; at += WRITE_BYTES) outbox.write(bytes.slice(at, at + WRITE_BYTES));
	outbox.finish();
}

function atMost(byteLength: number, limit: number, inboxes: readonly Inbox[]): void {
	const slack = Math.max(0, ...inboxes.map((inbox) => inbox.chunkBytesMax));
	assert.ok(
		byteLength <= limit + slack,
		`${byteLength} bytes were handed over without credit, ${limit} + ${slack} are allowed`,
	);
}

function ended(inboxes: readonly Inbox[]): number {
	return inboxes.filter((inbox) => inbox.finished).length;
}

const FLOOD_BYTES = 8 * 1024 * 1024;
const WRITE_BYTES = 64 * 1024;
