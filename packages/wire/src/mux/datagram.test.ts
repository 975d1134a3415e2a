import assert from "node:assert/strict";
import { test } from "node:test";
import { datagramPayloadBytesMax, encodeDatagramHeader } from "./datagram.ts";
import { decodeMuxMessage } from "./message.ts";

test("datagramPayloadBytesMax() is the largest payload whose frame fits", () => {
	for (const frameBytes of [0, 1, 2, 63, 64, 65, 66, 16_382, 16_383, 16_384, 20_000]) {
		const payload = datagramPayloadBytesMax(frameBytes);
		if (payload > 0) assert.ok(encodeDatagramHeader(payload).length + payload <= frameBytes, String(frameBytes));
	}
	assert.equal(datagramPayloadBytesMax(16_382), 16_379);
	assert.equal(datagramPayloadBytesMax(1), 0);
});

test("decodeMuxMessage() counts the whole DATAGRAM frame, with and without a length", () => {
	const read = (hex: string): unknown => decodeMuxMessage(Buffer.from(hex, "hex"), "qmux-01");
	const payload = Buffer.from("abcd", "hex");
	assert.deepEqual(read("30abcd"), [{ type: "datagram", payload, frameBytes: 3 }]);
	assert.deepEqual(read("3102abcd"), [{ type: "datagram", payload, frameBytes: 4 }]);
});
