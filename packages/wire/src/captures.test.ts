/**
 * Decodes every moq-lite message in the captures of real clients, and encodes it again to the same bytes.
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { FrameReader } from "./frame-reader.ts";
import { decodeAnnounce, encodeAnnounce } from "./lite/announce.ts";
import { decodeAnnounceInit, encodeAnnounceInit } from "./lite/announce-init.ts";
import { decodeAnnounceOk, encodeAnnounceOk } from "./lite/announce-ok.ts";
import { decodeAnnounceRequest, encodeAnnounceRequest } from "./lite/announce-request.ts";
import { decodeFetch, encodeFetch } from "./lite/fetch.ts";
import { encodeFrameHeader } from "./lite/frame-header.ts";
import { decodeGroup, encodeGroupHeader } from "./lite/group.ts";
import { decodeProbe, encodeProbe } from "./lite/probe.ts";
import { decodeSetup, encodeSetup } from "./lite/setup.ts";
import { BidiType, UniType } from "./lite/stream-type.ts";
import { decodeSubscribe, encodeSubscribe } from "./lite/subscribe.ts";
import { decodeSubscribeReply, encodeSubscribeReply, hasReplyType } from "./lite/subscribe-reply.ts";
import { decodeSubscribeUpdate, encodeSubscribeUpdate } from "./lite/subscribe-update.ts";
import { decodeTrack, encodeTrack } from "./lite/track.ts";
import { decodeTrackInfo, encodeTrackInfo } from "./lite/track-info.ts";
import { MessageReader } from "./message-reader.ts";
import { CLIENT_SETUP, decodeClientSetup, encodeClientSetup } from "./setup/client-setup.ts";
import { decodeServerSetup, encodeServerSetup } from "./setup/server-setup.ts";
import { encodeVarint } from "./varint.ts";
import { type LiteVersion, versionOfName } from "./version.ts";

const VECTORS = new URL("../../../test/vectors/", import.meta.url);

const STREAM_LINE = /^([CS])>[CS] STREAM (\d+)(?: off=(\d+))?(?: FIN)? *([0-9a-f]*) *$/gm;

/** One capture: what each side sent on each stream, `C0` being the client's bytes on stream 0. */
interface Capture {
	readonly version: LiteVersion;
	readonly streams: ReadonlyMap<string, Uint8Array>;
}

/** Undefined for a capture of moq-transport, or of a client that could not connect. */
function parseCapture(log: string): Capture | undefined {
	const version = versionOfName(/^# client version (\S+)$/m.exec(log)?.[1] ?? "");
	if (version === undefined) return undefined;
	const streams = new Map<string, Uint8Array>();
	for (const [, from, id, offset, hex = ""] of log.matchAll(STREAM_LINE)) {
		const key = `${from}${id}`;
		const sofar = streams.get(key) ?? new Uint8Array(0);
		// Legacy framing has no offsets, and old qmux clients leave them out (shown as 0).
		if (Number(offset ?? 0) !== 0) assert.equal(Number(offset), sofar.length, `${key} has a hole`);
		streams.set(key, Buffer.concat([sofar, Buffer.from(hex, "hex")]));
	}
	return { version, streams };
}

/** Names every message of a capture, and checks that encoding gives the captured bytes. */
function decodeCapture({ version, streams }: Capture): string[] {
	const names: string[] = [];
	for (const [key, bytes] of streams) {
		const [from, id] = [key[0], Number(key.slice(1))];
		const opener = (id & 1) === 0 ? "C" : "S";
		const replay = new Replay(version, bytes);
		if ((id & 2) !== 0) replay.uni();
		else if (from === opener) replay.request();
		else replay.reply(streams.get(`${opener}${id}`)?.[0]);
		assert.equal(replay.encoded(), Buffer.from(bytes).toString("hex"), key);
		names.push(...replay.names.map((name) => `${from} ${name}`));
	}
	return names;
}

/** Reads one direction of one stream. */
class Replay {
	readonly names: string[] = [];
	readonly #version: LiteVersion;
	readonly #reader = new MessageReader();
	readonly #again: Uint8Array[] = [];
	readonly #first: number | undefined;

	constructor(version: LiteVersion, bytes: Uint8Array) {
		this.#version = version;
		this.#first = bytes[0];
		this.#reader.push(bytes);
	}

	encoded(): string {
		this.#reader.finish();
		return Buffer.concat(this.#again).toString("hex");
	}

	uni(): void {
		const type = this.#type();
		if (type === UniType.Setup) return this.#one("Setup", (body) => encodeSetup(decodeSetup(body)));
		assert.equal(type, UniType.Group);
		this.#again.pop();
		this.#one("Group", (body) => encodeGroupHeader(decodeGroup(body)));
		this.#frames();
	}

	request(): void {
		const version = this.#version;
		if (this.#first === CLIENT_SETUP) {
			return this.#setup("ClientSetup", (body) => encodeClientSetup(decodeClientSetup(body)));
		}
		const type = this.#type();
		switch (type) {
			case BidiType.Announce:
				return this.#one("AnnounceRequest", (body) =>
					encodeAnnounceRequest(decodeAnnounceRequest(body, version), version),
				);
			case BidiType.Subscribe:
				this.#one("Subscribe", (body) => encodeSubscribe(decodeSubscribe(body, version), version));
				return this.#each("SubscribeUpdate", (body) =>
					encodeSubscribeUpdate(decodeSubscribeUpdate(body, version), version),
				);
			case BidiType.Track:
				return this.#one("Track", (body) => encodeTrack(decodeTrack(body)));
			case BidiType.Fetch:
				return this.#one("Fetch", (body) => encodeFetch(decodeFetch(body)));
			case BidiType.Probe:
				// The opener says nothing but the type.
				return;
			default:
				assert.fail(`stream of type ${type}`);
		}
	}

	reply(type: number | undefined): void {
		const version = this.#version;
		switch (type) {
			case CLIENT_SETUP:
				return this.#setup("ServerSetup", (body) => encodeServerSetup(decodeServerSetup(body)));
			case BidiType.Announce:
				if (version.announceInit) this.#one("AnnounceInit", (body) => encodeAnnounceInit(decodeAnnounceInit(body)));
				if (version.announceOk) this.#one("AnnounceOk", (body) => encodeAnnounceOk(decodeAnnounceOk(body)));
				return this.#each("Announce", (body) => encodeAnnounce(decodeAnnounce(body, version), version));
			case BidiType.Subscribe:
				return this.#replies();
			case BidiType.Track:
				return this.#one("TrackInfo", (body) => encodeTrackInfo(decodeTrackInfo(body)));
			case BidiType.Probe:
				return this.#each("Probe", (body) => encodeProbe(decodeProbe(body, version), version));
			default:
				assert.fail(`reply to a stream of type ${type}`);
		}
	}

	#type(): number {
		const type = this.#reader.varint();
		assert.ok(type !== undefined);
		this.#again.push(encodeVarint(type));
		return type;
	}

	#setup(name: string, again: (body: Uint8Array) => Uint8Array): void {
		const message = this.#reader.setup();
		assert.ok(message !== undefined, name);
		this.#add(name, again(message.body));
	}

	#add(name: string, bytes: Uint8Array): void {
		this.names.push(name);
		this.#again.push(bytes);
	}

	#one(name: string, again: (body: Uint8Array) => Uint8Array): void {
		const body = this.#reader.message();
		assert.ok(body !== undefined, name);
		this.#add(name, again(body));
	}

	#each(name: string, again: (body: Uint8Array) => Uint8Array): void {
		for (let body = this.#reader.message(); body !== undefined; body = this.#reader.message()) {
			this.#add(name, again(body));
		}
	}

	#replies(): void {
		const next = () => {
			if (hasReplyType(this.#version)) return this.#reader.typed();
			const body = this.#reader.message();
			return body && { type: 0, body };
		};
		for (let message = next(); message !== undefined; message = next()) {
			const reply = decodeSubscribeReply(message.type, message.body, this.#version);
			this.#add(`Subscribe:${reply.reply}`, encodeSubscribeReply(reply, this.#version));
		}
	}

	#frames(): void {
		let last = 0;
		const frames = new FrameReader(this.#version.frames, {
			onFrame: (size, timestamp = 0) => {
				const header = { size, timestampDelta: timestamp - last };
				this.#add("frame", encodeFrameHeader(header, this.#version.frames));
				last = timestamp;
			},
			onPayload: (bytes) => this.#again.push(bytes),
			onFrameEnd: () => {},
		});
		frames.push(this.#reader.rest());
		frames.finish();
	}
}

/** What all captures of a version have in common, and what single ones add. */
const EXPECTED: { readonly [version: string]: string } = {
	"moq-lite-02":
		"C ClientSetup, S ServerSetup, C AnnounceRequest, S AnnounceInit, C Subscribe, S Subscribe:ok, S Group, S frame, S frame",
	"moq-lite-03": "C AnnounceRequest, S Announce, C Subscribe, S Subscribe:ok, S Group, S frame, S frame",
	"moq-lite-04": "C AnnounceRequest, S Announce, C Subscribe, S Subscribe:ok, S Group, S frame, S frame",
	"moq-lite-05":
		"C Setup, C AnnounceRequest, S Setup, S AnnounceOk, S Announce, C Track, S TrackInfo, C Subscribe, S Subscribe:start, S Group, S frame, S frame",
	"net-0.3.4.lite05-fetch-update.log":
		"C Setup, C AnnounceRequest, S Setup, S AnnounceOk, S Announce, C Track, S TrackInfo, C Subscribe, C SubscribeUpdate, S Subscribe:start, S Group, S frame, S frame, C Track, S TrackInfo, C Fetch",
};

let captures = 0;
for (const file of readdirSync(VECTORS).sort()) {
	const capture = parseCapture(readFileSync(new URL(file, VECTORS), "utf8"));
	if (capture === undefined) continue;
	captures += 1;
	test(`decode and encode agree with capture ${file}`, () => {
		assert.equal(decodeCapture(capture).join(", "), EXPECTED[file] ?? EXPECTED[capture.version.name]);
	});
}

test("parseCapture() finds every moq-lite capture", () => assert.equal(captures, 13));

test("decodeCapture() notices a changed byte", () => {
	const text = readFileSync(new URL("net-0.3.4.qmux-01.moq-lite-05.log", VECTORS), "utf8");
	const capture = parseCapture(text.replace("STREAM 4 off=0  08", "STREAM 4 off=0  07"));
	assert.ok(capture !== undefined);
	assert.throws(() => decodeCapture(capture));
});
