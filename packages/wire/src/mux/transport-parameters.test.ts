import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import { Writer } from "../writer.ts";
import {
	DEFAULT_TRANSPORT_PARAMETERS,
	decodeTransportParameters,
	encodeTransportParameters,
	type TransportParameters,
} from "./transport-parameters.ts";

const VECTORS = new URL("../../../../test/vectors/", import.meta.url);

/** What every released npm client grants. */
const NPM: TransportParameters = {
	...DEFAULT_TRANSPORT_PARAMETERS,
	data: 1_048_576,
	streamDataBidiLocal: 262_144,
	streamDataBidiRemote: 262_144,
	streamDataUni: 262_144,
	streamsBidi: 100,
	streamsUni: 100,
};

test("decodeTransportParameters() reads what every captured client and server sent", () => {
	const seen = new Set<string>();
	for (const name of readdirSync(VECTORS)) {
		const log = readFileSync(new URL(name, VECTORS), "utf8");
		for (const [, hex] of log.matchAll(/TRANSPORT_PARAMS ([0-9a-f]+)/g)) seen.add(hex as string);
	}
	assert.ok(seen.size >= 3);
	for (const hex of seen) {
		const read = decode(Buffer.from(hex, "hex"));
		const { idleMs, datagramFrameBytes } = read;
		assert.ok(idleMs === 0 || idleMs === 30_000);
		assert.deepEqual(read, { ...NPM, idleMs, datagramFrameBytes });
	}
});

test("encodeTransportParameters() gives the bytes of npm's client", () => {
	const log = readFileSync(new URL("net-0.3.4.qmux-01.moq-lite-05.log", VECTORS), "utf8");
	const expected = /TRANSPORT_PARAMS ([0-9a-f]+)/.exec(log)?.[1];
	const bytes = Buffer.from(encodeTransportParameters({ ...NPM, idleMs: 30_000, datagramFrameBytes: 16_382 }));
	assert.equal(bytes.toString("hex", 0, 8), "ff5153300d0a0d0a");
	assert.equal(bytes.toString("hex", 9), expected);
});

test("encodeTransportParameters() carries reset_stream_at and application_protocols", () => {
	const all: TransportParameters = {
		...NPM,
		resetStreamAt: true,
		applicationProtocols: new Uint8Array([1, 2, 3]),
	};
	const bytes = encodeTransportParameters(all);
	assert.deepEqual(decodeTransportParameters(new Cursor(bytes.subarray(8))).parameters, all);
});

test("decodeTransportParameters() rejects every truncation", () => {
	const body = encodeTransportParameters(NPM).subarray(8);
	for (let end = 0; end < body.length; end++) {
		assert.throws(() => decodeTransportParameters(new Cursor(body.subarray(0, end))), Malformed);
	}
});

test("decodeTransportParameters() rejects repeated, forbidden and misshapen parameters and skips unknown ones", () => {
	assert.throws(() => decode(hex("040101040101")), Malformed);
	for (const id of ["00", "02", "03", "0a", "0d", "10"]) assert.throws(() => decode(hex(`${id}0101`)), Malformed, id);
	assert.throws(() => decode(hex("04020101")), Malformed);
	assert.throws(() => decode(hex("0400")), Malformed);
	assert.throws(() => decode(hex("1d0100")), Malformed);
	assert.throws(() => decode(hex("0405ff")), Malformed);
	assert.deepEqual(decode(hex("210401020304210040640155")), DEFAULT_TRANSPORT_PARAMETERS);
});

function decode(parameters: Uint8Array): TransportParameters {
	const body = new Writer().varint(parameters.length).bytes(parameters).finish();
	return decodeTransportParameters(new Cursor(body)).parameters;
}

function hex(text: string): Uint8Array {
	return Buffer.from(text, "hex");
}
