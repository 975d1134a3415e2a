/**
 * Our WebSocket state machine against every released npm implementation, in every framing, on real sockets.
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type MuxConnection, Tape } from "@moq-relay/core";
import { patternBytes, settleInRealTime } from "@moq-relay/testkit";
import { hasRecords, type MuxFraming } from "@moq-relay/wire";
import { quietConsole } from "../interop/quiet-console.ts";
import {
	loadNpm,
	NPM_VERSIONS,
	type NpmSession,
	type NpmStreamError,
	type NpmVersion,
	offerOf,
} from "./npm-session.ts";
import { Recording, RecordingSink } from "./recording-sink.ts";
import { dial, muxOn, SocketServer } from "./web-socket-carrier.ts";

/** A connected pair: ours and theirs. */
interface Pair {
	readonly ours: MuxConnection;
	readonly sink: RecordingSink;
	readonly theirs: NpmSession;
	readonly version: NpmVersion;
	readonly framing: MuxFraming;
	dispose(): Promise<void>;
}

function registerChecks(connect: () => Promise<Pair>): void {
	for (const [title, check] of CHECKS) {
		test(title, { timeout: 60_000 }, async () => {
			const pair = await connect();
			try {
				await check(pair);
			} finally {
				await pair.dispose();
			}
		});
	}
}

const CHECKS: readonly (readonly [string, (pair: Pair) => Promise<void>])[] = [
	["echoes 1 MB on a stream of theirs", echoTheirs],
	["gets 1 MB echoed on a stream of ours", echoOurs],
	["opens far more streams than may be open at once, both ways", manyStreams],
	["plays a tape", playTape],
	["hears resets and stops, with their codes", hearCodes],
	["is heard when it resets and stops, with its codes", tellCodes],
	["carries datagrams where the framing has them", datagrams],
	["hears their close", hearClose],
	["is heard when it closes", tellClose],
	["is not blocked by streams that were given up half-way", abandoned],
];

async function echoTheirs({ theirs }: Pair): Promise<void> {
	const bytes = patternBytes(1, 1_000_000);
	const stream = await theirs.createBidirectionalStream();
	const echoed = collect(stream.readable);
	await writeAll(stream.writable, bytes);
	assert.deepEqual(Buffer.compare(await echoed, bytes), 0);
}

async function echoOurs({ ours, theirs }: Pair): Promise<void> {
	const serve = theirs.incomingBidirectionalStreams.getReader();
	const bytes = patternBytes(2, 1_000_000);
	const recording = new Recording();
	const handle = ours.openBidi(recording);
	assert.ok(handle !== undefined);
	recording.recv = handle.recv;
	handle.send.write(bytes);
	handle.send.finish();
	const { value: stream } = await serve.read();
	assert.ok(stream !== undefined);
	await writeAll(stream.writable, await collect(stream.readable));
	await settleInRealTime(() => recording.finished);
	assert.equal(Buffer.compare(recording.bytes, bytes), 0);
}

async function manyStreams({ ours, sink, theirs }: Pair): Promise<void> {
	for (let index = 0; index < STREAMS; index++) {
		await writeAll(await theirs.createUnidirectionalStream(), patternBytes(index, 100));
	}
	await settleInRealTime(() => sink.unis.length === STREAMS && sink.unis.every((stream) => stream.finished));
	const incoming = theirs.incomingUnidirectionalStreams.getReader();
	for (let index = 0; index < STREAMS; index++) {
		const send = ours.openUni();
		assert.ok(send !== undefined);
		send.write(patternBytes(index, 100));
		send.finish();
	}
	const seen = new Set<string>();
	for (let index = 0; index < STREAMS; index++) {
		const { value } = await incoming.read();
		assert.ok(value !== undefined);
		seen.add((await collect(value)).toString("hex"));
	}
	assert.equal(seen.size, STREAMS);
	await settleInRealTime(() => ours.openStreams === 0);
}

async function playTape({ ours, theirs }: Pair): Promise<void> {
	const lane = ours.lane(
		{ priority: 1, order: "newest", latencyMs: 10_000, budgetBytes: 8_000_000 },
		{ onDropped: () => assert.fail("a play was dropped") },
	);
	const tape = new Tape("lite-05");
	const bytes = patternBytes(3, 700_000);
	tape.append(bytes.slice(0, 1000));
	lane.play(tape, Uint8Array.of(1, 2, 3), 7);
	tape.append(bytes.slice(1000));
	tape.finish();
	const { value } = await theirs.incomingUnidirectionalStreams.getReader().read();
	assert.ok(value !== undefined);
	assert.equal(Buffer.compare(await collect(value), Buffer.concat([Uint8Array.of(1, 2, 3), bytes])), 0);
}

async function hearCodes({ sink, theirs, version }: Pair): Promise<void> {
	sink.echo = false;
	const stream = await theirs.createBidirectionalStream();
	const writer = stream.writable.getWriter();
	await writer.write(Uint8Array.of(1));
	await settleInRealTime(() => sink.bidis.length === 1);
	await stream.readable.cancel(streamError(13));
	await writer.abort(streamError(26));
	const [entry] = sink.bidis;
	await settleInRealTime(() => entry?.recording.resetCode !== undefined && entry.stopCode !== undefined);
	assert.equal(entry?.recording.resetCode, version.modern ? 26 : 0);
	assert.equal(entry?.stopCode, version.modern ? 13 : 0);
}

async function tellCodes({ sink, theirs, version, ours }: Pair): Promise<void> {
	sink.echo = false;
	const stream = await theirs.createBidirectionalStream();
	const writer = stream.writable.getWriter();
	const closed = writer.closed.catch((error: unknown) => error as NpmStreamError);
	await writer.write(Uint8Array.of(1));
	await settleInRealTime(() => sink.bidis.length === 1);
	const entry = sink.bidis[0];
	assert.ok(entry !== undefined);
	entry.stream.send.write(Uint8Array.of(2));
	entry.stream.send.reset(31);
	entry.stream.recv.stop(5);
	const failed = await drain(stream.readable).catch((error: unknown) => error as NpmStreamError);
	assert.ok(failed instanceof Error);
	const stopped = await closed;
	assert.ok(stopped instanceof Error);
	if (version.modern) {
		assert.equal((failed as NpmStreamError).streamErrorCode, 31);
		assert.equal((stopped as NpmStreamError).streamErrorCode, 5);
	}
	await settleInRealTime(() => ours.openStreams === 0);
}

async function datagrams({ ours, sink, theirs, version, framing }: Pair): Promise<void> {
	if (!hasRecords(framing) || !version.modern) {
		assert.equal(ours.info.datagramBytesMax, 0);
		return;
	}
	await settleInRealTime(() => ours.info.datagramBytesMax > 0 && theirs.datagrams.maxDatagramSize > 0);
	const lane = ours.lane({ priority: 0, order: "newest", latencyMs: 0, budgetBytes: 0 }, { onDropped: () => {} });
	const payload = patternBytes(4, 1200);
	lane.datagram(payload.slice());
	const { value } = await theirs.datagrams.readable.getReader().read();
	assert.deepEqual(Buffer.from(value ?? []), Buffer.from(payload));
	await theirs.datagrams.writable.getWriter().write(payload);
	await settleInRealTime(() => sink.datagrams.length === 1);
	assert.deepEqual(Buffer.from(sink.datagrams[0] ?? []), Buffer.from(payload));
}

async function hearClose({ sink, theirs }: Pair): Promise<void> {
	theirs.close({ closeCode: 6, reason: "enough of it" });
	await settleInRealTime(() => sink.end !== undefined);
	assert.deepEqual(sink.end, { code: 6, reason: "enough of it", by: "remote" });
}

async function tellClose({ ours, sink, theirs, version, framing }: Pair): Promise<void> {
	const closed = theirs.closed.catch((error: unknown) => error as Error);
	ours.close(6, version.modern ? "go away" : "");
	const told = await closed;
	// Version 0.0 and 0.1 tell what the socket closed with, and 0.1 what it could read.
	if (version.modern) assert.deepEqual(told, { closeCode: 6, reason: "go away" });
	else assert.ok(!(told instanceof Error), framing);
	assert.deepEqual(sink.end, { code: 6, reason: version.modern ? "go away" : "", by: "local" });
}

async function abandoned({ ours, sink, theirs }: Pair): Promise<void> {
	sink.echo = false;
	for (let index = 0; index < STREAMS; index++) {
		const stream = await theirs.createUnidirectionalStream();
		const writer = stream.getWriter();
		await writer.write(patternBytes(index, 30_000));
		await writer.abort(streamError(0));
	}
	await settleInRealTime(() => sink.unis.filter((stream) => stream.resetCode === 0).length === STREAMS);
	await writeAll(await theirs.createUnidirectionalStream(), patternBytes(5, 1_000_000));
	await settleInRealTime(() => sink.unis.at(-1)?.finished === true);
	assert.equal(Buffer.compare(sink.unis.at(-1)?.bytes ?? new Uint8Array(), patternBytes(5, 1_000_000)), 0);
	await settleInRealTime(() => ours.openStreams === 0);
}

async function connectServer(version: NpmVersion, framing: MuxFraming): Promise<Pair> {
	const Session = await loadNpm(version);
	const sink = new RecordingSink();
	let ours: MuxConnection | undefined;
	const server = await SocketServer.start(framing, (socket) => {
		ours = muxOn(socket, { framing, server: true, sink });
	});
	const theirs = new Session(server.url, offerOf(framing));
	await theirs.ready;
	await settleInRealTime(() => ours !== undefined);
	return pair({ ours: ours as unknown as MuxConnection, sink, theirs, version, framing }, server);
}

async function connectClient(version: NpmVersion, framing: MuxFraming): Promise<Pair> {
	const Session = await loadNpm(version);
	const sink = new RecordingSink();
	let theirs: NpmSession | undefined;
	const server = await SocketServer.start(framing, (socket) => {
		socket.binaryType = "arraybuffer";
		theirs = Session.accept(socket, { protocol: socket.protocol });
	});
	const ours = await dial(server.url, framing, (socket) => muxOn(socket, { framing, server: false, sink }));
	await settleInRealTime(() => theirs !== undefined);
	return pair({ ours, sink, theirs: theirs as unknown as NpmSession, version, framing }, server);
}

function pair(made: Omit<Pair, "dispose">, server: SocketServer): Pair {
	// Their promise rejects when we end a session at the end of a test.
	made.theirs.closed.catch(() => {});
	return {
		...made,
		dispose: async () => {
			made.ours.close(0, "");
			await server.close();
		},
	};
}

async function collect(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of readable) chunks.push(chunk);
	return Buffer.concat(chunks);
}

async function drain(readable: ReadableStream<Uint8Array>): Promise<void> {
	await collect(readable);
}

async function writeAll(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
	const writer = writable.getWriter();
	for (let at = 0; at < bytes.length; at += 50_000) await writer.write(bytes.slice(at, at + 50_000));
	await writer.close();
}

/** What their `abort` and `cancel` take a code from. */
function streamError(code: number): Error {
	return Object.assign(new Error("given up"), { streamErrorCode: code });
}

/** Three times what they let be open at once. */
const STREAMS = 300;

quietConsole();

for (const version of NPM_VERSIONS) {
	for (const framing of version.framings) {
		describe(`MuxConnection as server of ${version.name} over ${framing}`, () => {
			registerChecks(() => connectServer(version, framing));
		});
	}
}

const [newest] = NPM_VERSIONS as [NpmVersion, ...NpmVersion[]];
for (const framing of newest.framings) {
	describe(`MuxConnection as client of ${newest.name} over ${framing}`, () => {
		registerChecks(() => connectClient(newest, framing));
	});
}

test("the echo check notices a changed byte", { timeout: 60_000 }, async () => {
	const pair = await connectServer(newest, "qmux-01");
	const onBidi = pair.sink.onBidi.bind(pair.sink);
	pair.sink.onBidi = (stream) => {
		let written = 0;
		const write = stream.send.write.bind(stream.send);
		stream.send.write = (bytes) => write(written++ === 3 ? bytes.with(0, (bytes[0] ?? 0) ^ 1) : bytes);
		onBidi(stream);
	};
	try {
		await assert.rejects(echoTheirs(pair), assert.AssertionError);
	} finally {
		await pair.dispose();
	}
});
