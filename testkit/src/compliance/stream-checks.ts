/**
 * Streams: bytes in order, both kinds, both openers, many at once, and their plain end.
 * @module
 */
import assert from "node:assert/strict";
import { patternBytes, pieces } from "../bytes.ts";
import type { Check } from "./check.ts";
import type { Harness } from "./harness.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";

/** The checks of this area. */
export const streamChecks: readonly Check[] = [
	{ title: "Connection.info names the two sides and one protocol", run: info },
	{ title: "Connection.stats() gives numbers, none below zero", run: stats },
	{ title: "openUni() carries 0 B to 2 MB in odd pieces, in order, from either side", run: uniSizes },
	{ title: "openBidi() carries both directions, whoever opened it", run: bidiBothWays },
	{ title: "SendStream.finish() without bytes arrives as an empty chunk with FIN", run: emptyFin },
	{ title: "SendStream.finish() of one half leaves the other open", run: halfClose },
	{ title: "openUni() and openBidi() carry 50 streams at once", run: concurrent },
	{ title: "SendStream.write() after finish() is ignored", run: writeAfterFinish },
	{ title: "SendStream.prioritise() changes no bytes", run: prioritise },
	{ title: "ConnectionSink.onBidi() and onData() may call the connection", run: callsInEvents },
	{ title: "RecvSink.onData() hands over chunks that are the receiver's to keep", run: ownChunks },
];

async function info(pair: Harness): Promise<void> {
	const [client, server] = [pair.client.info, pair.server.info];
	assert.equal(client.server, false);
	assert.equal(server.server, true);
	assert.equal(client.protocol, server.protocol);
	assert.equal(client.transport, server.transport);
}

async function stats(pair: Harness): Promise<void> {
	const send = pair.client.openUni();
	send.write(patternBytes(1, 100_000));
	send.finish();
	const inbox = await pair.uni(pair.server);
	await pair.until("all bytes", () => inbox.finished);
	for (const end of [pair.client, pair.server]) {
		for (const [name, value] of Object.entries(end.connection.stats())) {
			assert.ok(Number.isFinite(value) && value >= 0, `${end.name}: ${name} is ${value}`);
		}
	}
}

async function uniSizes(pair: Harness): Promise<void> {
	for (const [sender, receiver] of pair.directions) {
		for (const [index, length] of STREAM_BYTES.entries()) {
			const bytes = patternBytes(length + 1, length);
			send(pair, sender.openUni(), bytes);
			const inbox = await pair.uni(receiver, index + 1);
			await arrives(pair, inbox, bytes);
		}
	}
}

async function bidiBothWays(pair: Harness): Promise<void> {
	for (const [opener, peer] of pair.directions) {
		const [request, answer] = [patternBytes(3, 300_001), patternBytes(4, 400_003)];
		const own = opener.openBidi();
		const expected = peer.bidis.length + 1;
		send(pair, own.send, request);
		const stream = await pair.bidi(peer, expected);
		send(pair, stream.send, answer);
		await arrives(pair, stream.recv, request);
		await arrives(pair, own.recv, answer);
	}
}

async function emptyFin(pair: Harness): Promise<void> {
	for (const [opener, peer] of pair.directions) {
		opener.openUni().finish();
		const uni = await pair.uni(peer);
		await arrives(pair, uni, new Uint8Array(0));
		const own = opener.openBidi();
		own.send.finish();
		const stream = await pair.bidi(peer);
		await arrives(pair, stream.recv, new Uint8Array(0));
		stream.send.finish();
		await arrives(pair, own.recv, new Uint8Array(0));
	}
}

async function halfClose(pair: Harness): Promise<void> {
	const own = pair.client.openBidi();
	own.send.write(patternBytes(5, 10));
	own.send.finish();
	const stream = await pair.bidi(pair.server);
	await pair.until("the request", () => stream.recv.finished);
	for (let part = 1; part <= 5; part++) {
		stream.send.write(patternBytes(part, 7));
		await pair.until(`part ${part} of the answer`, () => own.recv.byteLength === part * 7);
	}
	assert.equal(own.recv.over, false);
	stream.send.finish();
	await pair.until("the end of the answer", () => own.recv.finished);
}

async function concurrent(pair: Harness): Promise<void> {
	pair.server.afterBidi = (stream) => stream.send.finish();
	const sent = new Map<number, Uint8Array>();
	const senders: { outbox: Outbox; rest: Uint8Array[] }[] = [];
	for (let index = 0; index < CONCURRENT; index++) {
		const bytes = patternBytes(index, 5000 + pair.random.below(60_000));
		new DataView(bytes.buffer).setUint32(0, index);
		sent.set(index, bytes);
		const outbox = index % 2 === 0 ? pair.client.openUni() : pair.client.openBidi().send;
		senders.push({ outbox, rest: pieces(bytes, pair.random, 9000) });
	}
	interleave(pair, senders);
	const inboxes = (): Inbox[] => [...pair.server.unis, ...pair.server.bidis.map((stream) => stream.recv)];
	await pair.until("the end of all streams", () => inboxes().filter((inbox) => inbox.finished).length === CONCURRENT);
	for (const inbox of inboxes()) {
		const index = new DataView(inbox.bytes.buffer, inbox.bytes.byteOffset).getUint32(0);
		const expected = sent.get(index);
		assert.ok(expected, `stream ${index} arrived twice or was never sent`);
		sent.delete(index);
		pair.same(inbox.bytes, expected, `stream ${index}`);
	}
}

async function writeAfterFinish(pair: Harness): Promise<void> {
	const bytes = patternBytes(6, 1000);
	const outbox = pair.client.openUni();
	outbox.write(bytes.slice());
	outbox.finish();
	outbox.write(patternBytes(7, 1000));
	outbox.finish();
	const inbox = await pair.uni(pair.server);
	await pair.until("FIN", () => inbox.finished);
	outbox.write(patternBytes(8, 1000));
	outbox.prioritise(1);
	outbox.reset(3);
	await pair.pass(pair.client, pair.server);
	pair.same(inbox.bytes, bytes, "the stream");
}

async function prioritise(pair: Harness): Promise<void> {
	const bytes = patternBytes(9, 200_000);
	const streams = [-5, 0, 1, 255, 1000].map((priority) => {
		const outbox = pair.client.openUni();
		outbox.prioritise(priority);
		outbox.write(bytes.slice(0, 100_000));
		outbox.prioritise(-priority);
		outbox.write(bytes.slice(100_000));
		outbox.finish();
		return outbox;
	});
	await pair.uni(pair.server, streams.length);
	for (const inbox of pair.server.unis) await arrives(pair, inbox, bytes);
}

async function callsInEvents(pair: Harness): Promise<void> {
	pair.server.afterBidi = (stream) => {
		stream.send.write(patternBytes(1, 10));
		stream.recv.afterData = () => {
			stream.send.write(patternBytes(2, 10));
			if (stream.recv.finished) stream.send.finish();
		};
	};
	const own = pair.client.openBidi();
	own.recv.afterData = () => {
		if (own.recv.byteLength === 20) own.send.finish();
	};
	own.send.write(patternBytes(3, 10));
	await pair.until("the end of a conversation led by events", () => own.recv.finished);
	const expected = new Uint8Array([...patternBytes(1, 10), ...patternBytes(2, 10), ...patternBytes(2, 10)]);
	pair.same(own.recv.bytes, expected, "the answers");
}

async function ownChunks(pair: Harness): Promise<void> {
	const bytes = patternBytes(10, 300_000);
	pair.server.afterUni = (inbox) => {
		inbox.afterData = () => inbox.bytes.fill(0);
	};
	send(pair, pair.client.openUni(), bytes);
	const scribbled = await pair.uni(pair.server);
	await pair.until("the scribbled stream", () => scribbled.finished);
	pair.server.afterUni = undefined;
	send(pair, pair.client.openUni(), bytes);
	const clean = await pair.uni(pair.server, 2);
	await arrives(pair, clean, bytes);
}

function send(pair: Harness, outbox: Outbox, bytes: Uint8Array): void {
	for (const piece of pieces(bytes, pair.random, PIECE_BYTES_MAX)) outbox.write(piece);
	outbox.finish();
}

function interleave(pair: Harness, senders: { outbox: Outbox; rest: Uint8Array[] }[]): void {
	const open = [...senders];
	while (open.length > 0) {
		const at = pair.random.below(open.length);
		const sender = open[at];
		const piece = sender?.rest.shift();
		if (piece !== undefined) sender?.outbox.write(piece);
		else {
			sender?.outbox.finish();
			open.splice(at, 1);
		}
	}
}

async function arrives(pair: Harness, inbox: Inbox, bytes: Uint8Array): Promise<void> {
	await pair.until(`FIN after ${bytes.byteLength} bytes`, () => inbox.finished);
	pair.same(inbox.bytes, bytes, "the stream");
}

const STREAM_BYTES: readonly number[] = [
	0, 1, 2, 3, 63, 64, 1199, 1200, 16_383, 16_385, 65_537, 262_144, 262_145, 2_097_152,
];
const PIECE_BYTES_MAX = 40_000;
const CONCURRENT = 50;
