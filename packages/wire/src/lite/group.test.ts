import { test } from "node:test";
import fc from "fast-check";
import { checkCodec, varints } from "./codec-suite.test.ts";
import { decodeGroup, encodeGroupHeader, type Group } from "./group.ts";

test("Group", () => {
	checkCodec<Group>({
		encode: encodeGroupHeader,
		decode: decodeGroup,
		messages: fc.record({ subscribe: varints, sequence: varints }),
		// The stream type 0 stands before the message.
		bodyOf: (encoded) => encoded.subarray(2),
		vectors: [
			["00050580011170", { subscribe: 5, sequence: 70_000 }],
			["00020001", { subscribe: 0, sequence: 1 }],
		],
	});
});
