/**
 * The suite must be able to fail: every saboteur is caught, by a check about what it broke.
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tape } from "@moq-relay/core";
import { memoryFactory } from "../memory/factory.ts";
import { type Sabotage, sabotaged } from "./sabotage.ts";
import { complianceFailures } from "./suite.ts";

test("complianceFailures() is empty for a transport that keeps the rules", async () => {
	const failures = await complianceFailures(sabotaged(memoryFactory(), () => ({})));
	assert.deepEqual(failures, []);
});

test("complianceFailures() fails most checks of a transport that drops chunks", async () => {
	const failures = await complianceFailures(sabotaged(memoryFactory(), dropChunk));
	assert.ok(failures.length > 20, `${failures.length} checks noticed`);
});

/** What is broken, how, and a part of the title of a check that must notice. */
interface Control {
	readonly breaks: string;
	readonly noticedBy: RegExp;
	readonly make: () => Sabotage;
}

const CONTROLS: readonly Control[] = [
	{ breaks: "drops a chunk", noticedBy: /openUni\(\) carries 0 B to 2 MB/, make: dropChunk },
	{
		breaks: "swaps two chunks",
		noticedBy: /openUni\(\) carries 0 B to 2 MB/,
		make: swapChunks,
	},
	{
		breaks: "changes a byte",
		noticedBy: /Lane.play\(\) of a finished tape/,
		make: () => ({ onData: (deliver, chunk, fin) => deliver(chunk.length > 100 ? chunk.with(50, 1) : chunk, fin) }),
	},
	{
		breaks: "forgets FIN",
		noticedBy: /SendStream.finish\(\) without bytes/,
		make: () => ({ finish: () => {} }),
	},
	{
		breaks: "resets with code 0 always",
		noticedBy: /reset\(\) delivers every code/,
		make: () => ({ reset: (send) => send.reset(0) }),
	},
	{
		breaks: "keeps resets to itself",
		noticedBy: /reset\(\) delivers every code/,
		make: () => ({ onReset: () => {} }),
	},
	{
		breaks: "turns an abort into FIN",
		noticedBy: /Tape.abort\(\) resets running plays/,
		make: () => ({ onReset: (deliver) => deliver(0) }),
	},
	{
		breaks: "reports a wrong stop code",
		noticedBy: /stop\(\) delivers every code/,
		make: () => ({ onStop: (deliver, code) => deliver(code + 1) }),
	},
	{
		breaks: "reports a stop twice",
		noticedBy: /stop\(\) delivers every code/,
		make: () => ({ onStop: (deliver, code) => [deliver(code), deliver(code)] }),
	},
	{
		breaks: "ignores stop",
		noticedBy: /stop\(\) delivers every code/,
		make: () => ({ stop: () => {} }),
	},
	{
		breaks: "reads on without credit",
		noticedBy: /withheld stops a stream at READ_AHEAD_BYTES/,
		make: readOn,
	},
	{
		breaks: "loses credit",
		noticedBy: /withheld stops a stream at READ_AHEAD_BYTES/,
		make: () => ({ consumed: (recv, bytes) => recv.consumed(Math.floor(bytes / 2)) }),
	},
	{
		breaks: "never tells that a stream is full",
		noticedBy: /write\(\) tells when/,
		make: () => ({ write: (send, bytes) => send.write(bytes) || true }),
	},
	{
		breaks: "refuses bytes when a stream is full",
		noticedBy: /write\(\) tells when|withheld stops a stream/,
		make: refuseWhenFull,
	},
	{
		breaks: "sends no header",
		noticedBy: /Lane.play\(\) of a finished tape/,
		make: () => ({ play: (lane, tape, { tag }) => lane.play(tape, new Uint8Array(0), tag) }),
	},
	{
		breaks: "plays a tape as it is and does not follow it",
		noticedBy: /Lane.play\(\) follows a tape/,
		make: () => ({ play: (lane, tape, { header, tag }) => lane.play(still(tape), header, tag) }),
	},
	{
		breaks: "plays a tape from where it is",
		noticedBy: /Lane.play\(\) of a tape that grew/,
		make: () => ({ play: (lane, tape, { header, tag }) => lane.play(rest(tape), header, tag) }),
	},
	{
		breaks: "ignores a lane's new policy",
		noticedBy: /Lane.update\(\) counts for running plays/,
		make: () => ({ update: () => {} }),
	},
	{
		breaks: "names the wrong play",
		noticedBy: /onDropped\(\) names/,
		make: () => ({ play: (lane, tape, { header }) => lane.play(tape, header, 99) }),
	},
	{
		breaks: "drops in silence",
		noticedBy: /onDropped\(\) names the older play/,
		make: () => ({ onDropped: () => {} }),
	},
	{
		breaks: "closes a lane and leaves its plays running",
		noticedBy: /Lane.close\(\) with a code/,
		make: () => ({ closeLane: (lane) => lane.close() }),
	},
	{
		breaks: "closes a lane by breaking its plays",
		noticedBy: /Lane.close\(\) without a code/,
		make: () => ({ closeLane: (lane, code) => lane.close(code ?? 0) }),
	},
	{
		breaks: "never tells that a lane has drained",
		noticedBy: /onDrained\(\) comes after close/,
		make: () => ({ onDrained: () => {} }),
	},
	{
		breaks: "tells twice that a lane has drained",
		noticedBy: /onDrained\(\)/,
		make: () => ({ onDrained: (deliver) => [deliver(), deliver()] }),
	},
	{
		breaks: "loses datagrams",
		noticedBy: /Lane.datagram\(\) arrives whole/,
		make: () => ({ datagram: () => {} }),
	},
	{
		breaks: "cuts datagrams",
		noticedBy: /Lane.datagram\(\) arrives whole/,
		make: () => ({ datagram: (lane, payload) => lane.datagram(payload.slice(0, 900)) }),
	},
	{
		breaks: "drops the close reason",
		noticedBy: /Connection.close\(6\)/,
		make: () => ({ close: (connection, code) => connection.close(code, "") }),
	},
	{
		breaks: "ends a connection twice",
		noticedBy: /Connection.close\(0\)/,
		make: () => ({ onEnd: (deliver, end) => [deliver(end), deliver(end)] }),
	},
	{
		breaks: "delivers in the middle of a call",
		noticedBy: /openUni\(\) carries 0 B to 2 MB/,
		make: deliverInCall,
	},
	{
		breaks: "says that everything ended by itself",
		noticedBy: /Connection.close\(0\)/,
		make: () => ({ onEnd: (deliver, end) => deliver({ ...end, by: "transport" }) }),
	},
	{
		breaks: "delivers after the end",
		noticedBy: /onEnd\(\) is the last event/,
		make: dataAfterEnd,
	},
];

describe("complianceFailures() notices a transport that", () => {
	for (const control of CONTROLS) {
		test(control.breaks, async () => {
			const failures = await complianceFailures(sabotaged(memoryFactory(), control.make), control.noticedBy);
			assert.notDeepEqual(failures, []);
		});
	}
});

function dropChunk(): Sabotage {
	let count = 0;
	return {
		onData: (deliver, chunk, fin) => {
			if (++count % 7 !== 0 || fin) deliver(chunk, fin);
		},
	};
}

function swapChunks(): Sabotage {
	let kept: Uint8Array | undefined;
	return {
		onData: (deliver, chunk, fin) => {
			if (!fin && kept === undefined) {
				kept = chunk;
				return;
			}
			const late = kept;
			kept = undefined;
			if (!fin) deliver(chunk, false);
			if (late !== undefined) deliver(late, false);
			if (fin) deliver(chunk, true);
		},
	};
}

function refuseWhenFull(): Sabotage {
	let unsent = 0;
	return {
		write: (send, bytes) => {
			unsent += bytes.byteLength;
			return unsent < 3_000_000 ? send.write(bytes) : false;
		},
	};
}

function still(tape: Tape): Tape {
	const copy = new Tape(tape.encoding);
	for (const chunk of tape.chunks) copy.append(chunk);
	copy.finish();
	return copy;
}

function rest(tape: Tape): Tape {
	const copy = new Tape(tape.encoding);
	let past = true;
	tape.attach({
		append: (chunk) => {
			if (!past) copy.append(chunk);
		},
		finish: () => copy.finish(),
		abort: (code) => copy.abort(code),
		evict: () => copy.evict(),
	});
	past = false;
	return copy;
}

function readOn(): Sabotage {
	return {
		accept: (recv, sink) => ({
			onData: (chunk, fin) => {
				sink.onData(chunk, fin);
				recv.consumed(chunk.byteLength);
			},
			onReset: (code) => sink.onReset(code),
		}),
	};
}

function deliverInCall(): Sabotage {
	let kept: (() => void) | undefined;
	return {
		onData: (deliver, chunk, fin) => {
			if (fin || kept !== undefined) deliver(chunk, fin);
			else kept = () => deliver(chunk, fin);
		},
		write: (send, bytes) => {
			const late = kept;
			kept = undefined;
			late?.();
			return send.write(bytes);
		},
	};
}

function dataAfterEnd(): Sabotage {
	const late: (() => void)[] = [];
	return {
		onData: (deliver, chunk, fin) => {
			deliver(chunk, fin);
			late.push(() => deliver(new Uint8Array(1), false));
		},
		onEnd: (deliver, end) => {
			deliver(end);
			for (const run of late) run();
		},
	};
}
