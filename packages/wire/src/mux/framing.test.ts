import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatMuxSubprotocol, parseMuxSubprotocol } from "./framing.ts";

test("parseMuxSubprotocol() reads every subprotocol that captured clients offer", () => {
	const vectors = new URL("../../../../test/vectors/", import.meta.url);
	for (const name of readdirSync(vectors)) {
		const offer = /^OFFER (.*)$/m.exec(readFileSync(new URL(name, vectors), "utf8"))?.[1] ?? "";
		for (const text of offer.split(", ")) {
			const read = parseMuxSubprotocol(text);
			assert.ok(read !== undefined, text);
			assert.equal(formatMuxSubprotocol(read), text === "" ? "webtransport" : text);
		}
	}
});

test("parseMuxSubprotocol() knows no framing in other names", () => {
	for (const text of ["chat", "qmux-03", "qmux-01.", "qmux-011", "QMUX-01", "moq-lite-05", "."]) {
		assert.equal(parseMuxSubprotocol(text), undefined, text);
	}
	assert.deepEqual(parseMuxSubprotocol(""), { framing: "webtransport", protocol: "" });
	assert.deepEqual(parseMuxSubprotocol("qmux-01.a.b"), { framing: "qmux-01", protocol: "a.b" });
});
