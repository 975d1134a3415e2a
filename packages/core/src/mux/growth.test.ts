import assert from "node:assert/strict";
import { test } from "node:test";
import { queryObjects } from "node:v8";
import { encodeResetStream, encodeStreamHeader } from "@moq-relay/wire";
import { Tape } from "../tape.ts";
import { FRAMINGS, LaneLog, PATIENT, Solo, StreamLog } from "./fixture.test.ts";
import { RecvHalf } from "./recv-half.ts";
import { SendHalf } from "./send-half.ts";

test("MuxConnection keeps nothing of streams that are over, of either side and however they ended", () => {
	for (const framing of FRAMINGS) {
		const solo = new Solo({ framing });
		Object.assign(solo.sink, {
			onUni: (stream: Parameters<typeof solo.sink.onUni>[0]) => {
				stream.accept({ onData: (chunk) => stream.consumed(chunk.length), onReset: () => {} });
			},
			onBidi: (stream: Parameters<typeof solo.sink.onBidi>[0]) => {
				stream.recv.accept({ onData: (chunk) => stream.recv.consumed(chunk.length), onReset: () => {} });
				stream.send.finish();
			},
		});
		const lane = solo.connection.lane(PATIENT, new LaneLog());
		const tape = new Tape("lite-05");
		tape.append(new Uint8Array(100));
		tape.finish();
		for (let index = 0; index < STREAMS; index++) {
			const data = encodeStreamHeader({ id: 4 * index, offset: 0, length: 5, fin: true }, framing);
			solo.receive(data, "0102030405");
			const odd = index % 2 === 1;
			if (odd) solo.receive(encodeResetStream({ id: 4 * index + 2, code: 0, finalSize: 50 }, framing));
			else solo.receive(encodeStreamHeader({ id: 4 * index + 2, offset: 0, length: 1, fin: true }, framing), "01");
			const send = solo.connection.openUni();
			send?.write(new Uint8Array(3));
			if (odd) send?.reset(1);
			else send?.finish();
			lane.play(tape, Uint8Array.of(1), index);
			const handle = solo.connection.openBidi(new StreamLog());
			handle?.send.finish();
			solo.settle();
			solo.receive(encodeStreamHeader({ id: 4 * index + 1, offset: 0, length: 0, fin: true }, framing));
			solo.pipe.messages.length = 0;
		}
		assert.deepEqual(solo.sink.ends, []);
		assert.equal(solo.connection.openStreams, 0);
		// Variables of the last round may still hold theirs.
		assert.ok(Number(queryObjects(SendHalf, { format: "count" })) < 10);
		assert.ok(Number(queryObjects(RecvHalf, { format: "count" })) < 10);
	}
});

/** Of each kind; more than may be open at once. */
const STREAMS = Number(process.env["STREAMS"] ?? 5000);
