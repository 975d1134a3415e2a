/**
 * What released clients said, changed at random, and plain noise, at every door. The seed is fixed, so a failure repeats.
 * @module
 */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { SeededRandom } from "@moq-relay/testkit";
import { encodeResetStream, encodeStopSending, LITE_VERSIONS } from "@moq-relay/wire";
import { turn } from "./messages.ts";
import { joined, messages, streamFrame } from "./raw-mux.ts";
import { RawPeer } from "./raw-peer.ts";
import { RawSocket } from "./raw-socket.ts";
import { openWebSocket } from "./raw-web-socket.ts";
import { ATTACKER, OPEN, Target } from "./target.ts";

const VECTORS = new URL("../vectors/", import.meta.url);
const SEED = 20_261_123;
/** Changed copies of each capture. */
const COPIES = 12;

interface Captured {
	readonly name: string;
	readonly subprotocol: string;
	/** What the client sent, a WebSocket message each. */
	readonly sent: readonly Uint8Array[];
}

const CAPTURES = readdirSync(VECTORS)
	.sort()
	.flatMap((name) => parse(name, readFileSync(new URL(name, VECTORS), "utf8")));

describe("relay under noise", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	test("captures are there", () => {
		assert.ok(CAPTURES.length >= 10);
		for (const { name, sent } of CAPTURES) assert.ok(sent.length >= 5, name);
	});

	test("relay survives what clients say over WebSocket with some bytes changed, lost, doubled and swapped", async () => {
		const random = new SeededRandom(SEED);
		await target.survives(async () => {
			for (const { subprotocol, sent } of CAPTURES) {
				for (let copy = 0; copy < COPIES; copy++) {
					using socket = await openWebSocket(target.port, subprotocol === "" ? [] : [subprotocol], { path: "/honest" });
					await socket.send(messages(...mutated(sent, random)));
					await turn();
				}
			}
		});
	});

	test("relay survives what clients say over QUIC with some bytes changed, in every version", async () => {
		const random = new SeededRandom(SEED);
		const streams = CAPTURES.flatMap(({ sent }) => sent);
		await target.survives(async () => {
			for (const { name: version, setup } of LITE_VERSIONS) {
				for (const path of [undefined, "/honest"]) {
					for (let copy = 0; copy < COPIES; copy++) {
						const protocol = setup === "in-band" ? "moql" : version;
						using peer = await RawPeer.open(target.port, { protocol, ...(path !== undefined && { path }) });
						if (random.chance(0.5)) peer.setUp();
						for (const bytes of mutated(streams, random).slice(0, 40)) {
							const fin = random.chance(0.5);
							const stream = random.chance(0.5) ? peer.bidi(bytes, { fin }) : peer.uni(bytes, { fin });
							if (random.chance(0.2)) stream?.send.reset(random.below(2 ** 20));
						}
						await turn();
					}
				}
			}
		});
	});

	test("relay survives datagrams that are no QUIC, and some that begin like it", async () => {
		const random = new SeededRandom(SEED);
		const socket = createSocket("udp4");
		await new Promise<void>((resolve) => socket.bind(0, ATTACKER, resolve));
		await target.survives(async () => {
			for (let sent = 0; sent < 5000; sent++) {
				const bytes = noise(random, 1500);
				// A long header of version 1, of an unknown one, or of the one that asks for versions; and a short header.
				const version = random.pick([
					[0xc0, 0, 0, 0, 1, 8],
					[0xff, 0x6b, 0x33, 0x43, 0xcf, 20],
					[0x80, 0, 0, 0, 0, 255],
					[0x40],
				]);
				if (random.chance(0.7)) bytes.set(version.slice(0, bytes.length));
				await new Promise((resolve) => socket.send(bytes, target.port, "127.0.0.1", resolve));
			}
		});
		socket.close();
	});

	test("relay survives bytes that are no HTTP and no TLS, and requests with some bytes changed", async () => {
		const random = new SeededRandom(SEED);
		const request = Buffer.from(
			"GET /fetch/honest/camera/video?group=0&jwt=a.b.c HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n",
		);
		await target.survives(async () => {
			for (let round = 0; round < 300; round++) {
				using socket = await RawSocket.open(target.port);
				const bytes = random.chance(0.5) ? changed(request, random) : noise(random, 2000);
				// The first byte of TLS.
				if (random.chance(0.2)) bytes[0] = 0x16;
				await socket.send(bytes);
			}
			assert.equal((await fetch(target.relay.url("/health"))).status, 200);
		});
	});
});

/** The client's half of a capture of moq-lite over WebSocket; nothing for other protocols. */
function parse(name: string, text: string): readonly Captured[] {
	const subprotocol = /^SELECTED "([^"]*)"/m.exec(text)?.[1] ?? "";
	if (!/S>C|C>S/.test(text) || /moqt-/.test(subprotocol)) return [];
	const sent = text
		.split("\n")
		.filter((line) => line.startsWith("C>S "))
		.flatMap((line) => message(line.slice(4).trim().split(/\s+/), subprotocol.startsWith("qmux")));
	return [{ name, subprotocol, sent }];
}

function message(words: readonly string[], isQmux: boolean): readonly Uint8Array[] {
	const [kind = "", second = ""] = words;
	const id = Number(second);
	const data = Buffer.from(words.find((word) => /^([0-9a-f]{2})+$/.test(word) && word !== second) ?? "", "hex");
	const fin = words.includes("FIN");
	const framing = isQmux ? "qmux-01" : "webtransport";
	switch (kind) {
		case "TRANSPORT_PARAMS": {
			const parameters = Buffer.from(second, "hex");
			return [joined(Buffer.from("ff5153300d0a0d0a", "hex"), Uint8Array.of(0x40, parameters.length), parameters)];
		}
		case "STREAM": {
			const offset = Number(/off=(\d+)/.exec(words.join(" "))?.[1] ?? 0);
			if (isQmux) return [streamFrame({ id, offset, fin }, data)];
			return [joined(Uint8Array.of(fin ? 9 : 8, id), data)];
		}
		case "RESET":
			return [
				encodeResetStream({ id, code: 0, finalSize: Number(/final=(\d+)/.exec(words.join(" "))?.[1] ?? 0) }, framing),
			];
		case "STOP":
			return [encodeStopSending({ id, code: 0 })];
		default:
			return [];
	}
}

/** A copy in which some messages are changed, lost, sent twice, or swapped with the next. */
function mutated(sent: readonly Uint8Array[], random: SeededRandom): Uint8Array[] {
	const copy: Uint8Array[] = [];
	for (const bytes of sent) {
		if (random.chance(0.05)) continue;
		copy.push(random.chance(0.3) ? changed(bytes, random) : bytes);
		if (random.chance(0.05)) copy.push(bytes);
		const last = copy.length - 1;
		const [before, after] = [copy[last - 1], copy[last]];
		if (before !== undefined && after !== undefined && random.chance(0.05)) copy.splice(last - 1, 2, after, before);
	}
	return copy;
}

/** Some bytes are others, and at times the end is missing or there is more. */
function changed(bytes: Uint8Array, random: SeededRandom): Uint8Array {
	const copy = Uint8Array.from(bytes);
	if (copy.length === 0) return copy;
	for (let change = 1 + random.below(3); change > 0; change--) {
		copy[random.below(copy.length)] = random.pick([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff, random.below(256)]);
	}
	if (random.chance(0.2)) return copy.slice(0, random.below(copy.length));
	return random.chance(0.1) ? Uint8Array.from(joined(copy, noise(random, 100))) : copy;
}

function noise(random: SeededRandom, most: number): Uint8Array {
	return Uint8Array.from({ length: 1 + random.below(most) }, () => random.below(256));
}
