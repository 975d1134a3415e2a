import { test } from "node:test";
import fc from "fast-check";
import { checkCodec } from "./codec-suite.test.ts";
import { decodeGoaway, encodeGoaway, type Goaway } from "./goaway.ts";

test("Goaway", () => {
	checkCodec<Goaway>({
		encode: encodeGoaway,
		decode: decodeGoaway,
		messages: fc.record({ uri: fc.string({ unit: "binary", maxLength: 80 }) }),
		vectors: [
			["141368747470733a2f2f622e6578616d706c652f78", { uri: "https://b.example/x" }],
			["0100", { uri: "" }],
		],
	});
});
