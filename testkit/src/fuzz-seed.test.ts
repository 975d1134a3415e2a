import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

const COMMAND = /^Again: FUZZ_SEED=(\d+) .*scripts\/run-tests\.js testkit\/src\/fuzz-seed\.test\.ts$/m;

test("A property draws the same each time, and says how to run it again when it fails", async () => {
	const seed = process.env["FUZZ_SEED"] ?? "20261123";
	const says = (thrown: unknown): boolean => thrown instanceof Error && COMMAND.exec(thrown.message)?.[1] === seed;
	assert.deepEqual(fc.sample(fc.nat()), fc.sample(fc.nat()));
	assert.throws(() => fc.assert(fc.property(fc.nat(), (n) => n < 5)), says);
	await assert.rejects(fc.assert(fc.asyncProperty(fc.nat(), (n) => Promise.resolve(n < 5))), says);
});

test("A property runs as often as it says itself", () => {
	let runs = 0;
	const property = fc.property(fc.nat(), () => void (runs += 1));
	fc.assert(property, { numRuns: 7 });
	assert.equal(runs, 7);
	fc.assert(property);
	assert.equal(runs, 7 + Number(process.env["FUZZ_RUNS"] ?? 100));
});
