import assert from "node:assert/strict";
import { test } from "node:test";
import {
	LITE_01,
	LITE_02,
	LITE_03,
	LITE_04,
	LITE_05,
	LITE_VERSIONS,
	protocolsOf,
	versionOfCode,
	versionOfName,
	versionOfProtocol,
} from "./version.ts";

test("LITE_VERSIONS has the registered numbers and names, the newest first", () => {
	assert.deepEqual(
		LITE_VERSIONS.map(({ name, code, alpn }) => [name, code, alpn]),
		[
			["moq-lite-05", 0xff0dad05, "moq-lite-05"],
			["moq-lite-04", 0xff0dad04, "moq-lite-04"],
			["moq-lite-03", 0xff0dad03, "moq-lite-03"],
			["moq-lite-02", 0xff0dad02, "moql"],
			["moq-lite-01", 0xff0dad01, "moql"],
		],
	);
});

test("LITE_VERSIONS differ as protocol.md says", () => {
	const having = (flag: keyof typeof LITE_01) => LITE_VERSIONS.filter((version) => version[flag] === true).reverse();
	assert.deepEqual(having("announceInit"), [LITE_01, LITE_02]);
	assert.deepEqual(having("sessionInfo"), [LITE_01, LITE_02]);
	assert.deepEqual(having("delivery"), [LITE_03, LITE_04, LITE_05]);
	assert.deepEqual(having("senderStampsHops"), [LITE_03, LITE_04]);
	assert.deepEqual(having("excludeHop"), [LITE_04, LITE_05]);
	assert.deepEqual(having("probeRtt"), [LITE_04, LITE_05]);
	assert.deepEqual(having("goaway"), [LITE_04, LITE_05]);
	assert.deepEqual(having("fetch"), [LITE_03, LITE_04, LITE_05]);
	assert.deepEqual(having("probe"), [LITE_03, LITE_04, LITE_05]);
	for (const flag of ["announceOk", "announceRestart", "track", "datagrams"] as const) {
		assert.deepEqual(having(flag), [LITE_05]);
	}
	assert.deepEqual(
		LITE_VERSIONS.map(({ setup, hops, frames }) => [setup, hops, frames]),
		[
			["streams", "ids", "lite-05"],
			["none", "ids", "lite-01"],
			["none", "count", "lite-01"],
			["in-band", "none", "lite-01"],
			["in-band", "none", "lite-01"],
		],
	);
});

test("protocolsOf() names each protocol once", () => {
	assert.deepEqual(protocolsOf(LITE_VERSIONS), ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moql"]);
	assert.deepEqual(protocolsOf([LITE_01]), ["moql"]);
});

test("versionOfProtocol() knows versions, SETUP and strangers", () => {
	assert.equal(versionOfProtocol("moq-lite-04"), LITE_04);
	assert.equal(versionOfProtocol("moql"), "setup");
	assert.equal(versionOfProtocol(""), "setup");
	assert.equal(versionOfProtocol("moqt-18"), undefined);
	assert.equal(versionOfProtocol("moq-lite-02"), undefined);
});

test("versionOfCode() and versionOfName() invert code and name", () => {
	for (const version of LITE_VERSIONS) {
		assert.equal(versionOfCode(version.code), version);
		assert.equal(versionOfName(version.name), version);
	}
	assert.equal(versionOfCode(0xff00000e), undefined);
	assert.equal(versionOfName("moql"), undefined);
});
