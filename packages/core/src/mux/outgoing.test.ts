import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Tape } from "../tape.ts";
import { Outgoing } from "./outgoing.ts";

test("Outgoing.take() gives all bytes once and in order, whatever the sizes, by reference", () => {
	const piece = fc.uint8Array({ maxLength: 9 });
	const steps = fc.array(fc.oneof(piece, fc.integer({ min: 1, max: 12 })), { maxLength: 60 });
	fc.assert(
		fc.property(steps, steps, fc.boolean(), (writes, appends, ends) => {
			const outgoing = new Outgoing();
			const tape = new Tape("lite-05");
			const given: Uint8Array[] = [];
			const taken: Uint8Array[] = [];
			const run = (step: Uint8Array | number, add: (bytes: Uint8Array) => void): void => {
				if (typeof step === "number") outgoing.take(Math.min(step, outgoing.unsentBytes), taken);
				else {
					given.push(step);
					add(step);
				}
			};
			for (const step of writes) run(step, (bytes) => outgoing.write(bytes));
			outgoing.follow(tape);
			for (const step of appends) run(step, (bytes) => tape.append(bytes));
			assert.equal(outgoing.complete, false);
			if (ends) tape.finish();
			outgoing.take(outgoing.unsentBytes, taken);
			assert.equal(outgoing.unsentBytes, 0);
			assert.equal(outgoing.complete, ends);
			assert.deepEqual(Buffer.concat(taken), Buffer.concat(given));
			for (const part of taken) assert.ok(given.some(({ buffer }) => buffer === part.buffer));
		}),
	);
});

test("Outgoing takes nothing more once it is finished or follows a tape", () => {
	const finished = new Outgoing();
	finished.write(Uint8Array.of(1));
	finished.finish();
	finished.write(Uint8Array.of(2));
	assert.equal(finished.unsentBytes, 1);
	assert.equal(finished.complete, true);
	const following = new Outgoing();
	following.follow(new Tape("lite-05"));
	following.write(Uint8Array.of(2));
	assert.equal(following.unsentBytes, 0);
});

test("Outgoing.take() of more than there is throws", () => {
	const outgoing = new Outgoing();
	assert.throws(() => outgoing.take(1, []), RangeError);
});
