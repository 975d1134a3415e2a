import assert from "node:assert/strict";
import { test } from "node:test";
import {
	encodeBlocked,
	encodeClose,
	encodeMaxData,
	encodeMaxStreamData,
	encodeMaxStreams,
	encodePing,
	encodeResetStream,
	encodeStopSending,
	encodeStreamHeader,
	type MuxFraming,
} from "@moq-relay/wire";
import fc from "fast-check";
import { Tape } from "../tape.ts";
import { FRAMINGS, LaneLog, PATIENT, parameters, Solo, StreamLog } from "./fixture.test.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 300);

test("MuxConnection survives any frames in any order: it goes on, or ends once", () => {
	for (const framing of FRAMINGS) {
		let survived = 0;
		fc.assert(
			fc.property(fc.array(step(framing), { minLength: 5, maxLength: 60, size: "max" }), (steps) => {
				const solo = new Solo({ framing, streamsMax: 4, peer: { streamsUni: 3, streamsBidi: 3, data: 1000 } });
				solo.pipe.room = 3;
				for (const act of steps) {
					act(solo);
					solo.settle();
				}
				assert.ok(solo.sink.ends.length <= 1);
				if (solo.sink.ends.length === 0 && steps.length > 20) survived++;
				// Four of each kind from the peer, and as many of ours as its frames here may allow.
				if (framing !== "webtransport") assert.ok(solo.connection.openStreams <= 2 * 4 + 2 * STREAMS_MAX);
				for (const { log } of [...solo.sink.bidis, ...solo.sink.unis]) {
					assert.ok(!(log.finished && log.resetCode !== undefined));
				}
				solo.connection.close(0, "");
				solo.settle();
				assert.equal(solo.sink.ends.length, 1);
				assert.equal(solo.connection.openStreams, 0);
				assert.equal(solo.clock.pending, 0);
			}),
			{ numRuns: RUNS },
		);
		// Or else the steps break a rule before they meet anything of interest.
		assert.ok(survived > RUNS / 10, `${survived} runs went on to the end`);
	}
});

test("MuxConnection survives any bytes", () => {
	for (const framing of FRAMINGS) {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (messages) => {
				const solo = new Solo({ framing, peer: undefined });
				for (const message of messages) solo.receive(message);
				assert.ok(solo.sink.ends.length <= 1);
			}),
			{ numRuns: RUNS },
		);
	}
});

/** Something that the peer, the pipe, or core does. */
function step(framing: MuxFraming): fc.Arbitrary<(solo: Solo) => void> {
	return fc.oneof(
		{ weight: 1, arbitrary: message(framing).map((bytes) => (solo: Solo) => solo.receive(bytes)) },
		{ weight: 3, arbitrary: nextData() },
		{ weight: 3, arbitrary: command() },
		{ weight: 1, arbitrary: fc.nat(4).map((room) => (solo: Solo) => void solo.drain(room)) },
	);
}

/** Data that fits what came before. */
function nextData(): fc.Arbitrary<(solo: Solo) => void> {
	return fc.tuple(fc.constantFrom(0, 2, 4, 6), fc.uint8Array({ maxLength: 9 }), fc.nat(4)).map(
		([id, data, end]) =>
			(solo: Solo) =>
				solo.stream(id, data, end === 0),
	);
}

function message(framing: MuxFraming): fc.Arbitrary<Uint8Array> {
	// Mostly streams that there may be: of the peer's own, few enough for the limit.
	const id = fc.oneof({ weight: 200, arbitrary: fc.constantFrom(0, 4) }, { weight: 1, arbitrary: fc.nat(20) });
	const small = fc.nat(60);
	const anywhere = [
		fc.record({ id, code: small, finalSize: small }).map((frame) => encodeResetStream(frame, framing)),
		fc.record({ id, code: small }).map((frame) => encodeStopSending(frame)),
	];
	const withCredit = [
		fc.record({ id, max: small }).map((frame) => encodeMaxStreamData(frame)),
		small.map((max) => encodeMaxData(1000 + max)),
		fc
			.record({ kind: fc.constantFrom("bidi" as const, "uni" as const), max: fc.nat(STREAMS_MAX) })
			.map((frame) => encodeMaxStreams(frame)),
		small.map((limit) => encodeBlocked({ by: "data", id: undefined, limit })),
	];
	const fatal = [
		fc.constant(encodeClose({ application: true, code: 1, reason: "" }, framing)),
		fc.constant(parameters({ streamsUni: 5 })),
		fc.record({ response: fc.boolean(), sequence: small }).map((frame) => encodePing(frame)),
		fc
			.record({ id, offset: fc.constantFrom(0, 5), fin: fc.boolean() })
			.map((frame) => Buffer.concat([encodeStreamHeader({ ...frame, length: 5 }, framing), new Uint8Array(5)])),
	];
	const harmless = framing === "webtransport" ? anywhere : [...anywhere, ...withCredit];
	return fc.oneof({ weight: 30, arbitrary: fc.oneof(...harmless) }, { weight: 1, arbitrary: fc.oneof(...fatal) });
}

function command(): fc.Arbitrary<(solo: Solo) => void> {
	const open = (solo: Solo): void => {
		const send = solo.connection.openUni();
		send?.write(new Uint8Array(20));
		send?.finish();
	};
	const ask = (solo: Solo): void => {
		const handle = solo.connection.openBidi(new StreamLog());
		handle?.send.write(new Uint8Array(5));
		handle?.recv.stop(3);
		handle?.send.reset(4);
	};
	const play = (solo: Solo): void => {
		const lane = solo.connection.lane({ ...PATIENT, latencyMs: 5, budgetBytes: 10 }, new LaneLog());
		const tape = new Tape("lite-05");
		for (let tag = 0; tag < 3; tag++) lane.play(tape, Uint8Array.of(tag), tag);
		tape.append(new Uint8Array(30));
		solo.settle();
		tape.evict();
		lane.close();
	};
	const answer = (solo: Solo): void => {
		for (const { stream, log } of solo.sink.bidis) {
			stream.send.write(new Uint8Array(3));
			stream.recv.consumed(log.byteLength);
			stream.send.finish();
		}
		for (const { stream } of solo.sink.unis) stream.stop(1);
	};
	return fc.constantFrom(open, ask, play, answer);
}

/** What the peer raises the limit of our streams to, at most. */
const STREAMS_MAX = 20;
