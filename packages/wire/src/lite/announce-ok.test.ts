import { test } from "node:test";
import fc from "fast-check";
import { type AnnounceOk, decodeAnnounceOk, encodeAnnounceOk } from "./announce-ok.ts";
import { checkCodec, origins, varints } from "./codec-suite.test.ts";

test("AnnounceOk", () => {
	checkCodec<AnnounceOk>({
		encode: encodeAnnounceOk,
		decode: decodeAnnounceOk,
		messages: fc.record({ origin: origins, active: varints }),
		vectors: [["09c00839476abe968701", { origin: 0x8_3947_6abe_9687, active: 1 }]],
	});
});
