/**
 * Peers over raw QUIC and WebTransport that break the rules of moq-lite: what dies, and with which code.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SeededRandom } from "@moq-relay/testkit";
import {
	BidiType,
	Code,
	encodeFetch,
	encodeResetStream,
	encodeSubscribe,
	encodeTrack,
	encodeVarint,
	LITE_05,
	openStream,
	parsePath,
	Writer,
} from "@moq-relay/wire";
import { joined, messages, PARAMETERS, SETUP, streamFrame } from "./raw-mux.ts";
import { RawPeer, type RawPeerOptions } from "./raw-peer.ts";
import { closeCode, openWebSocket } from "./raw-web-socket.ts";
import { OPEN, Target } from "./target.ts";
import { until } from "./until.ts";

const DOORS: readonly (readonly [string, RawPeerOptions])[] = [
	["raw QUIC", {}],
	["WebTransport", { path: "/" }],
];

/** What is sent on a unidirectional stream, and the code that ends the session. */
const SETUPS: readonly (readonly [string, readonly Uint8Array[], number])[] = [
	["twice", [bytes(1, 1, 0), bytes(1, 1, 0)], Code.ProtocolViolation],
	["longer than any message", [joined(bytes(1), encodeVarint(2 ** 40))], Code.BoundsExceeded],
	["of 2^62-1 bytes", [joined(bytes(1), new Uint8Array(8).fill(255))], Code.Decode],
	["with a byte too many", [bytes(1, 2, 0, 0)], Code.WrongSize],
	["cut short", [bytes(1, 5, 1)], Code.WrongSize],
	["of 321 parameters", [joined(bytes(1), encodeVarint(66), new Uint8Array(66).fill(65))], Code.TooManyParameters],
	["with a parameter twice", [bytes(1, 7, 2, 1, 1, 0, 1, 1, 0)], Code.Duplicate],
];

/** What is sent on a bidirectional stream, and the code that ends it. */
const REQUESTS: readonly (readonly [string, Uint8Array, number])[] = [
	["a stream of type 0", bytes(0), Code.UnexpectedStream],
	["a stream of type 99", bytes(0x40, 99), Code.UnexpectedStream],
	["a stream of type 2^62-1", new Uint8Array(8).fill(255), Code.Decode],
	["a SUBSCRIBE of 2^40 bytes", joined(bytes(2), encodeVarint(2 ** 40)), Code.BoundsExceeded],
	["a SUBSCRIBE of 2^62-1 bytes", joined(bytes(2), new Uint8Array(8).fill(255)), Code.Decode],
	["a SUBSCRIBE with a byte too many", withTrailingByte(subscribe(1)), Code.WrongSize],
	[
		"a SUBSCRIBE with a name of 2^40 bytes",
		joined(bytes(2, 10, 0), encodeVarint(2 ** 40), bytes(0)),
		Code.BoundsExceeded,
	],
	["a SUBSCRIBE to nobody", subscribe(1, "nobody"), Code.Unroutable],
	["a SUBSCRIBE and an update that is none", joined(subscribe(1), bytes(3, 1, 2, 3)), Code.Decode],
	["a FETCH of a group that is not there", fetchOf("video", 9_999_999), Code.NotFound],
	["a FETCH of a track that is not there", fetchOf("nothing", 0), Code.NotFound],
	["two FETCHes on a stream", joined(fetchOf("nothing", 0), fetchOf("nothing", 0)), Code.UnexpectedMessage],
	["a TRACK that is not there", trackOf("nothing"), Code.NotFound],
	["two interests on a stream", bytes(1, 2, 0, 0, 2, 0, 0), Code.UnexpectedMessage],
	["an interest in 33 segments", interest(`${"a/".repeat(32)}a`), Code.BoundsExceeded],
	["a GOAWAY to a long address", goaway(new Uint8Array(10_000).fill(65)), Code.BoundsExceeded],
	["a GOAWAY that is no text", goaway(bytes(0xff, 0xfe)), Code.Decode],
];

for (const [door, options] of DOORS) {
	describe(`relay over ${door}`, { timeout: 300_000 }, () => {
		let target: Target;
		before(async () => {
			target = await Target.start(["--auth-public", "", "--limits-session-rate-per-ip", "0"]);
		});
		after(() => target[Symbol.asyncDispose]());

		for (const [what, streams, code] of SETUPS) {
			test(`relay ends a session over a SETUP ${what} with ${code}`, async () => {
				using peer = await RawPeer.open(target.port, options);
				for (const stream of streams) peer.uni(stream, { fin: true });
				const end = await peer.ended();
				assert.deepEqual([end.code, end.by], [code, "remote"]);
				await target.logged(
					(line) => line["event"] === "session.close" && line["level"] === "warn" && line["reason"] === end.reason,
					`session.close for ${end.reason}`,
				);
			});
		}

		test("relay ends one stream over a request that it refuses, and says why", async () => {
			await target.survives(async () => {
				for (const [what, request, code] of REQUESTS) {
					using peer = await RawPeer.open(target.port, options);
					peer.setUp();
					const stream = peer.bidi(request);
					await until(
						() => stream?.end() !== undefined || peer.end !== undefined,
						() => `nothing happens over ${what}`,
					);
					assert.equal(stream?.end(), code, what);
					assert.equal(peer.end, undefined, what);
				}
			});
		});

		test("relay ends one stream over a request that is cut short anywhere", async () => {
			using peer = await RawPeer.open(target.port, options);
			peer.setUp();
			const whole = subscribe(1);
			const streams = Array.from(whole.subarray(1), (_, at) => peer.bidi(whole.subarray(0, at + 1), { fin: true }));
			await target.until(() => streams.every((stream) => typeof stream?.end() === "number"), "a stream is still open");
			assert.equal(peer.end, undefined);
		});

		test("relay ends one stream over a unidirectional stream that is no group", async () => {
			using peer = await RawPeer.open(target.port, options);
			peer.setUp();
			const unknown = peer.uni(bytes(9));
			const endless = peer.uni(joined(bytes(0), encodeVarint(2 ** 40)));
			const unasked = peer.uni(bytes(0, 2, 50, 0, 0, 1));
			await target.until(
				() => [unknown, endless, unasked].every((stream) => stream?.stopped() !== undefined),
				"a stream was not stopped",
			);
			assert.deepEqual(
				[unknown?.stopped(), endless?.stopped(), unasked?.stopped()],
				[Code.UnexpectedStream, Code.BoundsExceeded, Code.ProtocolViolation],
			);
			assert.equal(peer.end, undefined);
		});

		test("relay refuses a second subscription of the same id, and keeps the first", async () => {
			using peer = await RawPeer.open(target.port, options);
			peer.setUp();
			const first = peer.bidi(subscribe(1));
			await target.until(() => (first?.heard().byteLength ?? 0) > 0, "no answer to the first");
			const second = peer.bidi(subscribe(1));
			await target.until(() => second?.end() !== undefined, "no answer to the second");
			assert.equal(second?.end(), Code.Duplicate);
			assert.equal(first?.end(), undefined);
		});

		test("relay survives random messages on every kind of stream", async () => {
			const random = new SeededRandom(11);
			await target.survives(async () => {
				for (let round = 0; round < 20; round++) {
					using peer = await RawPeer.open(target.port, options);
					if (random.chance(0.9)) peer.setUp();
					for (let index = 0; index < 30; index++) {
						const fin = random.chance(0.3);
						if (random.chance(0.7)) peer.bidi(randomRequest(random), { fin })?.send.prioritise(0);
						else peer.uni(randomRequest(random), { fin });
					}
					await until(
						() => peer.streams.length > 0 || peer.end !== undefined,
						() => "the relay says nothing",
					);
				}
			});
		});

		test("relay survives peers that close in the middle of everything", async () => {
			await target.survives(async () => {
				for (let round = 0; round < 40; round++) {
					const peer = await RawPeer.open(target.port, options);
					peer.setUp();
					for (let id = 0; id < 20; id++) peer.bidi(subscribe(id));
					peer.bidi(bytes(1, 2, 0, 0));
					peer.bidi(bytes(4));
					await new Promise((resolve) => setTimeout(resolve, round % 10));
					peer.connection.close(round, "x".repeat(5000));
				}
			});
		});

		test("relay survives 500 connections that come and go", async () => {
			await target.survives(async () => {
				for (let round = 0; round < 500; round++) {
					using peer = await RawPeer.open(target.port, options);
					if (round % 2 === 0) peer.setUp();
				}
			});
		});
	});
}

test("relay resets one stream of a WebSocket over a request that it refuses, and says why", async () => {
	await using target = await Target.start(OPEN);
	await target.survives(async () => {
		for (const [what, content, code] of REQUESTS) {
			using socket = await openWebSocket(target.port, ["qmux-01.moq-lite-05"]);
			await socket.send(messages(PARAMETERS, SETUP, streamFrame({ id: 0 }, content)));
			// All but the final size, which is last.
			const reset = Buffer.from(encodeResetStream({ id: 0, code, finalSize: 0 }, "qmux-01").slice(0, -1));
			await until(
				() => socket.heard.includes(reset) || socket.closed,
				() => `nothing happens over ${what}`,
			);
			assert.equal(closeCode(socket), undefined, what);
		}
	});
});

test("relay gives a peer that says nothing limits.setup_timeout, and no more", async () => {
	await using target = await Target.start(["--auth-public", "", "--limits-setup-timeout", "1s"]);
	for (const options of [{}, { path: "/" }, { protocol: "moql" }]) {
		using peer = await RawPeer.open(target.port, options);
		const end = await peer.ended();
		assert.deepEqual([end.code, end.by], [Code.Timeout, "remote"]);
	}
});

test("relay ends sessions of moq-lite-03 and 04 that announce a name twice", async () => {
	await using target = await Target.start();
	for (const protocol of ["moq-lite-03", "moq-lite-04"]) {
		using peer = await RawPeer.open(target.port, { protocol });
		const interest = await peer.interest();
		interest.send?.write(bytes(4, 1, 1, 65, 0, 4, 1, 1, 65, 0));
		assert.equal((await peer.ended()).code, Code.ProtocolViolation, protocol);
	}
});

function bytes(...values: readonly number[]): Uint8Array {
	return Uint8Array.from(values);
}

function subscribe(id: number, broadcast = "honest/camera"): Uint8Array {
	const range = { startGroup: undefined, endGroup: undefined };
	const delivery = { priority: 1, ordered: false, latencyMs: 1000, ...range };
	const request = { id, broadcast: parsePath(broadcast), track: "video", ...delivery };
	return openStream(BidiType.Subscribe, encodeSubscribe(request, LITE_05));
}

/** The size in the second byte says one more. */
function withTrailingByte(message: Uint8Array): Uint8Array {
	const longer = joined(message, bytes(0));
	longer[1] = (longer[1] ?? 0) + 1;
	return longer;
}

function fetchOf(track: string, group: number): Uint8Array {
	const broadcast = parsePath("honest/camera");
	return openStream(BidiType.Fetch, encodeFetch({ broadcast, track, group, priority: 0 }));
}

function trackOf(track: string): Uint8Array {
	return openStream(BidiType.Track, encodeTrack({ broadcast: parsePath("honest/camera"), track }));
}

function interest(prefix: string): Uint8Array {
	const body = new Writer(prefix.length + 4).string(prefix).u8(0).finish();
	return new Writer(body.length + 4).varint(1).varint(body.length).bytes(body).finish();
}

function goaway(uri: Uint8Array): Uint8Array {
	const body = new Writer(uri.length + 4).varint(uri.length).bytes(uri).finish();
	return new Writer(body.length + 8).varint(5).varint(body.length).bytes(body).finish();
}

/** A message that begins well and has some bytes changed. */
function randomRequest(random: SeededRandom): Uint8Array {
	const whole = random.pick([
		subscribe(random.below(5)),
		fetchOf("video", random.below(9)),
		trackOf("video"),
		bytes(1, 2, 0, 0),
	]);
	const changed = Uint8Array.from(whole);
	for (let change = random.below(3); change > 0; change--) changed[random.below(changed.length)] = random.below(256);
	return random.chance(0.2) ? changed.subarray(0, random.below(changed.length)) : changed;
}
