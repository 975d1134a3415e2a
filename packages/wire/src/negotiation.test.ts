import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
	parseSubprotocol,
	parseSubprotocols,
	pickQuicAlpn,
	pickWebSocketProtocol,
	pickWebTransportProtocol,
	quicAlpns,
	webSocketOffer,
} from "./negotiation.ts";
import { LITE_02, LITE_03, LITE_04, LITE_05 } from "./version.ts";

const NET_034 = ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moql", "moqt-20", "moqt-19", "moqt-18"];

/** The offer of a real client, from its capture. */
function capturedOffer(name: string): string[] | undefined {
	const text = readFileSync(new URL(`../../../test/vectors/${name}.log`, import.meta.url), "utf8");
	return /^OFFER (.*)$/m.exec(text)?.[1]?.split(", ");
}

test("pickWebTransportProtocol() takes the client's first that we support", () => {
	assert.equal(pickWebTransportProtocol(NET_034), "moq-lite-05");
	assert.equal(pickWebTransportProtocol(["moqt-18", "moq-lite-03", "moq-lite-05"]), "moq-lite-03");
	assert.equal(pickWebTransportProtocol(["moql", "moq-lite-04"]), "moql");
	assert.equal(pickWebTransportProtocol(["moqt-18"]), "");
	assert.equal(pickWebTransportProtocol([]), "");
	assert.equal(pickWebTransportProtocol(NET_034, [LITE_04]), "moq-lite-04");
	assert.equal(pickWebTransportProtocol(["moql"], [LITE_04]), "");
});

test("pickQuicAlpn() follows our order, h3 last", () => {
	assert.deepEqual(quicAlpns(), ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moql", "h3"]);
	assert.equal(pickQuicAlpn(["h3", "moql", "moq-lite-04"]), "moq-lite-04");
	assert.equal(pickQuicAlpn(["h3"]), "h3");
	assert.equal(pickQuicAlpn(["http/1.1"]), undefined);
});

test("pickWebSocketProtocol() gives every known client what its era expects", () => {
	for (const [name, subprotocol, framing, protocol] of [
		["net-0.3.4.qmux-01.moq-lite-05", "qmux-02.moq-lite-05", "qmux-02", "moq-lite-05"],
		["net028.qmux-01.moq-lite-05", "qmux-02.moq-lite-05", "qmux-02", "moq-lite-05"],
		["net019.qmux-00", "qmux-01", "qmux-01", ""],
		["oldlite.qmux-00", "qmux-00", "qmux-00", ""],
	] as const) {
		assert.deepEqual(pickWebSocketProtocol(capturedOffer(name)), { subprotocol, framing, protocol });
	}
});

test("pickWebSocketProtocol() prefers the version to the framing, and any framing to legacy", () => {
	const pick = (...offered: string[]) => pickWebSocketProtocol(offered);
	assert.deepEqual(pick("webtransport", "qmux-02.moq-lite-03", "qmux-00.moq-lite-04"), {
		subprotocol: "qmux-00.moq-lite-04",
		framing: "qmux-00",
		protocol: "moq-lite-04",
	});
	assert.deepEqual(pick("webtransport"), { subprotocol: "webtransport", framing: "legacy", protocol: "" });
	assert.deepEqual(pick("webtransport", "qmux-00"), { subprotocol: "qmux-00", framing: "qmux-00", protocol: "" });
	assert.deepEqual(pick("qmux-01.moql", "qmux-02"), {
		subprotocol: "qmux-01.moql",
		framing: "qmux-01",
		protocol: "moql",
	});
});

test("pickWebSocketProtocol() tells no header from nothing supported", () => {
	const legacy = { subprotocol: undefined, framing: "legacy", protocol: "" };
	assert.deepEqual(pickWebSocketProtocol(undefined), legacy);
	assert.equal(pickWebSocketProtocol([]), "unsupported");
	assert.equal(pickWebSocketProtocol(["qmux-01.moqt-18", "chat"]), "unsupported");
	assert.equal(pickWebSocketProtocol(["webtransport", "qmux-01"], [LITE_05]), "unsupported");
});

test("webSocketOffer() is the reference's order", () => {
	assert.deepEqual(webSocketOffer([LITE_05, LITE_02]), [
		"qmux-02.moq-lite-05",
		"qmux-01.moq-lite-05",
		"qmux-00.moq-lite-05",
		"qmux-02.moql",
		"qmux-01.moql",
		"qmux-00.moql",
		"qmux-02",
		"qmux-01",
		"qmux-00",
		"webtransport",
	]);
	assert.equal(webSocketOffer([LITE_03]).includes("qmux-01"), false);
});

test("parseSubprotocol() reads everything that webSocketOffer() makes, and no more", () => {
	for (const subprotocol of webSocketOffer()) {
		assert.equal(parseSubprotocol(subprotocol)?.subprotocol, subprotocol);
	}
	for (const subprotocol of ["", "qmux-03", "qmux-01.", "qmux-01.moqt-18", "qmux-01moql", "moq-lite-05"]) {
		assert.equal(parseSubprotocol(subprotocol), undefined);
	}
});

test("parseSubprotocols() splits the header", () => {
	assert.equal(parseSubprotocols(undefined), undefined);
	assert.deepEqual(parseSubprotocols(""), []);
	assert.deepEqual(parseSubprotocols("qmux-01.moql,qmux-00 ,  webtransport"), [
		"qmux-01.moql",
		"qmux-00",
		"webtransport",
	]);
});
