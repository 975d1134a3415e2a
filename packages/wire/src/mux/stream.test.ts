import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { STREAM_DATA_BYTES_MAX } from "./limits.ts";
import { encodeStreamHeader, streamDataBytesMax } from "./stream.ts";

test("encodeStreamHeader() is what the framings say", () => {
	const header = { id: 4, offset: 70, length: 5, fin: true };
	assert.equal(Buffer.from(encodeStreamHeader(header, "webtransport")).toString("hex"), "0904");
	assert.equal(Buffer.from(encodeStreamHeader(header, "qmux-00")).toString("hex"), "0f04404605");
	assert.equal(Buffer.from(encodeStreamHeader({ ...header, fin: false }, "qmux-02")).toString("hex"), "0e04404605");
});

test("streamDataBytesMax() leaves room for the header and keeps below what clients take", () => {
	fc.assert(
		fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(40_000), (id, offset, budget) => {
			const length = streamDataBytesMax({ id, offset }, budget);
			assert.ok(length >= 0 && length <= STREAM_DATA_BYTES_MAX);
			const header = encodeStreamHeader({ id, offset, length, fin: true }, "qmux-01");
			if (length > 0) assert.ok(header.length + length <= budget);
		}),
	);
	assert.equal(streamDataBytesMax({ id: 0, offset: 0 }, 16_382), STREAM_DATA_BYTES_MAX);
	assert.equal(streamDataBytesMax({ id: 0, offset: 0 }, 4), 0);
});
