import { test } from "node:test";
import fc from "fast-check";
import { checkCodec, varints } from "./codec-suite.test.ts";
import { decodeSessionInfo, encodeSessionInfo, type SessionInfo } from "./session-info.ts";

test("SessionInfo", () => {
	checkCodec<SessionInfo>({
		encode: encodeSessionInfo,
		decode: decodeSessionInfo,
		messages: fc.record({ bitrate: varints }),
		vectors: [["04800f4240", { bitrate: 1_000_000 }]],
	});
});
