/**
 * Peers that come as browsers do, over HTTP/3, and do not speak it.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { encodeVarint } from "@moq-relay/wire";
import { turn } from "./messages.ts";
import { joined } from "./raw-mux.ts";
import { RawPeer } from "./raw-peer.ts";
import { OPEN, Target } from "./target.ts";

const LENGTH_MAX = new Uint8Array(8).fill(255);
const MIB = 1024 * 1024;

/** What is said on one stream. */
const STREAMS: readonly (readonly [string, "bidi" | "uni", Uint8Array])[] = [
	["SETTINGS of 2^62-1 bytes", "uni", joined(bytes(0, 4), LENGTH_MAX)],
	["SETTINGS of 2^20 bytes", "uni", joined(bytes(0, 4), encodeVarint(MIB), new Uint8Array(MIB))],
	["SETTINGS that are none", "uni", bytes(0, 4, 3, 0x7f, 0xff, 0xff)],
	["a control stream that begins with DATA", "uni", bytes(0, 0, 1, 0)],
	["a control stream that ends", "uni", bytes(0)],
	["a QPACK stream of 1 MiB", "uni", joined(bytes(2), new Uint8Array(MIB).fill(0xff))],
	["a push stream", "uni", bytes(1, 0)],
	["a stream of an unknown type and 1 MiB", "uni", joined(bytes(0x21), new Uint8Array(MIB))],
	["a stream of type 2^62-1", "uni", LENGTH_MAX],
	["HEADERS of 2^62-1 bytes", "bidi", joined(bytes(1), LENGTH_MAX)],
	[
		"HEADERS of 60 000 bytes of noise",
		"bidi",
		joined(bytes(1), encodeVarint(60_000), new Uint8Array(60_000).fill(0xaa)),
	],
	["HEADERS of 1 MiB", "bidi", joined(bytes(1), encodeVarint(MIB), new Uint8Array(MIB))],
	["HEADERS that promise more than they hold", "bidi", bytes(1, 3, 0, 0, 0x51, 0x7f, 0xff, 0xff)],
	["HEADERS without a field", "bidi", bytes(1, 2, 0, 0)],
	["DATA before HEADERS", "bidi", bytes(0, 3, 1, 2, 3)],
	["an unknown frame of 1 MiB", "bidi", joined(bytes(0x21), encodeVarint(MIB), new Uint8Array(MIB))],
	["an unknown frame of 2^62-1 bytes", "bidi", joined(bytes(0x21), LENGTH_MAX, new Uint8Array(MIB))],
	["a stream of a session that is not there", "bidi", joined(bytes(0x40, 0x41), encodeVarint(2 ** 40), bytes(2))],
	["a stream of a session that is no request", "uni", joined(bytes(0x40, 0x54), encodeVarint(3), bytes(0))],
];

describe("relay over HTTP/3", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	for (const [what, kind, content] of STREAMS) {
		test(`relay survives ${what}, with and without an end`, async () => {
			await target.survives(async () => {
				for (const fin of [false, true]) {
					using peer = await RawPeer.open(target.port, { protocol: "h3" });
					for (let index = 0; index < 5 && peer.end === undefined; index++) {
						if (kind === "bidi") peer.bidi(new Uint8Array(content), { fin });
						else peer.uni(new Uint8Array(content), { fin });
						await turn();
					}
					// Answered, or at least read, by the time another one has come and been heard.
					using other = await RawPeer.open(target.port, { path: "/" });
					other.setUp();
					await target.until(() => other.streams.length > 0, "the relay says nothing");
				}
			});
		});
	}

	test("relay holds little of streams that wait for a session which never comes", async () => {
		await target.survives(
			async () => {
				using peer = await RawPeer.open(target.port, { protocol: "h3" });
				for (let count = 0; count < 2000 && peer.end === undefined; count++) {
					peer.uni(joined(bytes(0x40, 0x54, 0), new Uint8Array(60_000)));
					if (count % 50 === 0) await turn();
				}
			},
			{ growthMib: 100 },
		);
	});

	test("relay ends a connection that asks for no session", async () => {
		await using strict = await Target.start([...OPEN, "--limits-handshake-timeout", "1s"]);
		using peer = await RawPeer.open(strict.port, { protocol: "h3" });
		assert.notEqual((await peer.ended()).by, "local");
	});
});

function bytes(...values: readonly number[]): Uint8Array {
	return Uint8Array.from(values);
}
