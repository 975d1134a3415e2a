/**
 * The ways into a relay, for one who says the same at each of them.
 * @module
 */
import { BidiType, encodeSetup } from "@moq-relay/wire";
import { joined, messages, PARAMETERS, SETUP, streamFrame } from "./raw-mux.ts";
import { RawPeer } from "./raw-peer.ts";
import { closeCode, openWebSocket } from "./raw-web-socket.ts";
import { until } from "./until.ts";

/** A session that writes what it likes on streams of its own, and keeps all that comes. */
export interface Intruder extends Disposable {
	/** Open a bidirectional stream with these bytes. */
	ask(bytes: Uint8Array): void;
	/** Everything that came, on whatever stream. */
	heard(): Buffer;
	/** Whether the relay has ended the session. */
	ended(): boolean;
}

/** One of the ways. `open` resolves to undefined when the relay turns it away. */
export interface Door {
	readonly name: string;
	open(port: number, target: string): Promise<Intruder | undefined>;
}

/** All of them, with moq-lite-05. */
export const DOORS: readonly Door[] = [
	{ name: "raw QUIC", open: (port, target) => overQuic(port, target, "SETUP") },
	{ name: "WebTransport", open: (port, target) => overQuic(port, target, "URL") },
	{ name: "qmux", open: (port, target) => overWebSocket(port, target) },
];

async function overQuic(port: number, target: string, where: "SETUP" | "URL"): Promise<Intruder | undefined> {
	const peer = await RawPeer.open(port, where === "URL" ? { path: target } : {}).catch(() => undefined); // turned away
	if (peer === undefined) return undefined;
	const path = where === "SETUP" ? target : undefined;
	peer.setUp(encodeSetup({ probe: "none", path, role: "both", cost: undefined, origin: undefined }));
	const answers: (() => Uint8Array)[] = [];
	await until(
		() => peer.end !== undefined || peer.streams.length > 0,
		() => "the relay says nothing",
	);
	return {
		ask: (bytes) => {
			const stream = peer.bidi(bytes);
			if (stream !== undefined) answers.push(stream.heard);
		},
		heard: () => Buffer.concat([...peer.streams.flatMap(({ heard }) => heard), ...answers.map((heard) => heard())]),
		ended: () => peer.end !== undefined,
		[Symbol.dispose]: () => peer[Symbol.dispose](),
	};
}

async function overWebSocket(port: number, path: string): Promise<Intruder | undefined> {
	const socket = await openWebSocket(port, ["qmux-01.moq-lite-05"], { path }).catch(() => undefined); // turned away
	if (socket === undefined) return undefined;
	await socket.send(messages(PARAMETERS, SETUP));
	let id = 0;
	return {
		ask: (bytes) => {
			void socket.send(messages(streamFrame({ id }, bytes)));
			id += 4;
		},
		heard: () => socket.heard,
		ended: () => socket.closed || closeCode(socket) !== undefined,
		[Symbol.dispose]: () => socket[Symbol.dispose](),
	};
}

/** A request with the broadcast's name as it is, canonical or not. */
export function request(kind: "subscribe" | "fetch" | "track", broadcast: string, id = 0): Uint8Array {
	const name = text(broadcast);
	const track = text("video");
	switch (kind) {
		case "subscribe":
			return message(BidiType.Subscribe, Uint8Array.of(id), name, track, Uint8Array.of(1, 0, 0, 0, 0));
		case "fetch":
			return message(BidiType.Fetch, name, track, Uint8Array.of(1, 0));
		default:
			return message(BidiType.Track, name, track);
	}
}

/** An interest in names under a prefix as it is. */
export function interest(prefix: string): Uint8Array {
	return message(BidiType.Announce, text(prefix), Uint8Array.of(0));
}

function message(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
	const body = joined(...parts);
	if (body.length > 63) throw new RangeError("longer than one byte tells");
	return joined(Uint8Array.of(type, body.length), body);
}

function text(value: string): Uint8Array {
	const bytes = Buffer.from(value);
	return joined(Uint8Array.of(bytes.length), bytes);
}
