import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Code } from "../codes.ts";
import { PARAMETERS_MAX, SETUP_VERSIONS_MAX } from "../limits.ts";
import { checkCodec, varints } from "../lite/codec-suite.test.ts";
import { Malformed } from "../malformed.ts";
import { MessageReader } from "../message-reader.ts";
import { LITE_01, LITE_02, LITE_05 } from "../version.ts";
import { Writer } from "../writer.ts";
import {
	CLIENT_SETUP,
	type ClientSetup,
	decodeClientSetup,
	encodeClientSetup,
	pickSetupVersion,
} from "./client-setup.ts";
import type { SetupParameters } from "./parameters.ts";
import { decodeServerSetup, encodeServerSetup, SERVER_SETUP, type ServerSetup } from "./server-setup.ts";

const VERSIONS = [0xff0d_ad02, 0xff0d_ad01, 0xff00_000e];
const NET_034: SetupParameters = { maxRequestId: 42_069, solicit: true, implementation: "moq-lite-js" };
const NET_034_HEX = "03028000a45580040b5a01070b6d6f712d6c6974652d6a73";

const text = fc.string({ unit: "binary", maxLength: 20 });
const parameters: fc.Arbitrary<SetupParameters> = fc
	.record({ path: text, maxRequestId: varints, implementation: text, solicit: fc.boolean() }, { requiredKeys: [] })
	.map((record) => ({ ...record }));

function bodyOf(type: number): (encoded: Uint8Array) => Uint8Array {
	return (encoded) => {
		const reader = new MessageReader();
		reader.push(encoded);
		const message = reader.setup();
		assert.equal(message?.type, type);
		reader.finish();
		return message.body;
	};
}

test("ClientSetup", () => {
	checkCodec<ClientSetup>({
		encode: encodeClientSetup,
		decode: decodeClientSetup,
		messages: fc.record({ versions: fc.array(varints, { maxLength: 5 }), parameters }),
		bodyOf: bodyOf(CLIENT_SETUP),
		vectors: [
			[
				`20003103c0000000ff0dad02c0000000ff0dad01c0000000ff00000e${NET_034_HEX}`,
				{ versions: VERSIONS, parameters: NET_034 },
			],
			[
				"20002c03c0000000ff0dad02c0000000ff0dad01c0000000ff00000e02028000a455070b6d6f712d6c6974652d6a73",
				{ versions: VERSIONS, parameters: { maxRequestId: 42_069, implementation: "moq-lite-js" } },
			],
		],
	});
});

test("ServerSetup", () => {
	checkCodec<ServerSetup>({
		encode: encodeServerSetup,
		decode: decodeServerSetup,
		messages: fc.record({ version: varints, parameters }),
		bodyOf: bodyOf(SERVER_SETUP),
		vectors: [[`210020c0000000ff0dad02${NET_034_HEX}`, { version: 0xff0d_ad02, parameters: NET_034 }]],
	});
});

test("pickSetupVersion() takes the client's first that SETUP can choose", () => {
	assert.equal(pickSetupVersion(VERSIONS), LITE_02);
	assert.equal(pickSetupVersion([0xff00_000e, LITE_01.code, LITE_02.code]), LITE_01);
	assert.equal(pickSetupVersion([LITE_05.code, 0xff00_000e]), undefined);
	assert.equal(pickSetupVersion(VERSIONS, [LITE_05, LITE_01]), LITE_01);
	assert.equal(pickSetupVersion([]), undefined);
});

test("decodeClientSetup() skips unknown parameters and versions of any size", () => {
	const body = new Writer()
		.varint(1)
		.varint(2n ** 61n)
		.varint(3);
	body.varint(2n ** 60n).varint(2n ** 61n);
	body.varint(2n ** 60n + 1n).string("x");
	body.varint(0x4_0b5a).varint(0);
	assert.deepEqual(decodeClientSetup(body.finish()).parameters, { solicit: false });
});

test("decodeClientSetup() rejects duplicates and floods", () => {
	const rejects = (writer: Writer, code: number) =>
		assert.throws(
			() => decodeClientSetup(writer.finish()),
			(thrown) => thrown instanceof Malformed && thrown.code === code,
		);
	rejects(new Writer().varint(SETUP_VERSIONS_MAX + 1), Code.BoundsExceeded);
	rejects(new Writer().varint(0).varint(PARAMETERS_MAX + 1), Code.TooManyParameters);
	rejects(new Writer().varint(0).varint(2).varint(2).varint(1).varint(2).varint(1), Code.Duplicate);
	rejects(new Writer().varint(0).varint(2).varint(7).string("").varint(7).string(""), Code.Duplicate);
	rejects(new Writer().varint(0).varint(1).varint(1).string("p".repeat(9000)), Code.BoundsExceeded);
});
