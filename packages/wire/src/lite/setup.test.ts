import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../codes.ts";
import { PARAMETERS_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { Writer } from "../writer.ts";
import { checkCodec, origins, varints } from "./codec-suite.test.ts";
import { decodeSetup, encodeSetup, SETUP_EMPTY, type Setup } from "./setup.ts";

test("Setup", () => {
	checkCodec<Setup>({
		encode: encodeSetup,
		decode: decodeSetup,
		messages: fc.record({
			probe: fc.constantFrom("none", "report", "increase"),
			path: fc.option(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), { nil: undefined }),
			role: fc.constantFrom("both", "publisher", "subscriber"),
			cost: fc.option(varints, { nil: undefined }),
			origin: fc.option(
				origins.filter((origin) => origin !== 0),
				{ nil: undefined },
			),
		}),
		vectors: [
			["0100", SETUP_EMPTY],
			["0b010508c007e86f516918e4", { ...SETUP_EMPTY, origin: 0x7_e86f_5169_18e4 }],
			["0e020101010508c007e86f516918e4", { ...SETUP_EMPTY, probe: "report", origin: 0x7_e86f_5169_18e4 }],
			["080202026869030102", { ...SETUP_EMPTY, path: "hi", role: "subscriber" }],
		],
	});
});

test("decodeSetup() skips unknown parameters and reads unknown values as the closest known", () => {
	const body = new Uint8Array([4, 0x3f, 2, 9, 9, 1, 1, 7, 3, 1, 9, 5, 1, 0]);
	assert.deepEqual(decodeSetup(body), { ...SETUP_EMPTY, probe: "increase" });
	assert.equal(decodeSetup(new Uint8Array([1, 2, 0])).path, undefined);
});

test("decodeSetup() rejects duplicates, too many, and values that do not fill their parameter", () => {
	const rejects = (bytes: readonly number[], code: number) =>
		assert.throws(
			() => decodeSetup(new Uint8Array(bytes)),
			(thrown) => thrown instanceof Malformed && thrown.code === code,
		);
	rejects([2, 1, 1, 1, 1, 1, 1], Code.Duplicate);
	rejects([2, 0x3f, 0, 0x3f, 0], Code.Duplicate);
	rejects([0x40, PARAMETERS_MAX + 1], Code.TooManyParameters);
	rejects([1, 1, 2, 1, 1], Code.WrongSize);
	rejects([1, 1, 0], Code.Decode);
	const long = new Writer().varint(1).varint(2).string("p".repeat(9000)).finish();
	rejects([...long], Code.BoundsExceeded);
});
