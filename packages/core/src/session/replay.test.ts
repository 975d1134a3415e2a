import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Code, LITE_02, LITE_03, LITE_04, LITE_05, type LiteVersion } from "@moq-relay/wire";
import { Origin } from "../routing/origin.ts";
import { assertEmpty, bytes, publish, SinkLog, World } from "./fixture.test.ts";
import { GRANT_ALL } from "./grant.ts";
import { hex, RawPeer, type RawStream, toHex } from "./raw-peer.test.ts";
import { Session } from "./session.ts";

const VECTORS = new URL("../../../../test/vectors/", import.meta.url);

for (const file of readdirSync(VECTORS).filter((name) => name.endsWith(".log"))) {
	const capture = parse(readFileSync(new URL(file, VECTORS), "utf8"));
	const version = versionOf(capture);
	// The others speak moq-transport, or were cut off before they said anything.
	if (version === undefined) continue;
	test(`Session answers the client of ${file} as the server there did`, () => {
		const world = new World();
		const origin = new Origin({ clock: world.clock, id: serverIdOf(capture) });
		publishCaptured(origin, capture);
		const [client, server] = world.pair({ version });
		const log = new SinkLog();
		const options = {
			...world.options(origin, log),
			authorise: (_path: string | undefined, decide: (grant: typeof GRANT_ALL) => void) => decide(GRANT_ALL),
		};
		const session = new Session(server, options);
		const peer = new RawPeer(client);
		const streams = replay(world, peer, capture);
		assert.equal(log.version, version.name);
		assert.deepEqual(log.violations, []);
		for (const [id, stream] of streams) {
			const said = capture.filter((event) => event.from === "S" && event.id === id);
			const expected = said.map(({ data }) => data).join("");
			// The server there could not fetch; and what its legacy SETUP says besides the version is its own.
			if (expected === "" || expected.startsWith("21")) continue;
			assert.equal(toHex(stream.heard.bytes), expected, `stream ${id}`);
		}
		const group = capture.filter((event) => event.from === "S" && (event.id & 3) === 3 && isGroup(capture, event.id));
		const bodies = peer.unis.map((uni) => toHex(uni.bytes));
		assert.ok(bodies.includes(group.map(({ data }) => data).join("")), bodies.join());
		peer.connection.close(0, "");
		world.run(100);
		assertEmpty({ session, log });
		assert.equal(log.end?.code, Code.Cancel);
	});
}

test("Session has captures to replay", () => {
	assert.ok(
		readdirSync(VECTORS).filter((name) => name.includes("moq-lite") || name.includes("webtransport")).length >= 10,
	);
});

interface Event {
	readonly from: "C" | "S";
	readonly id: number;
	/** Hexadecimal; "" for a FIN alone. */
	readonly data: string;
	readonly kind: "data" | "fin" | "stop" | "reset";
}

function parse(text: string): Event[] {
	const events: Event[] = [];
	for (const line of text.split("\n")) {
		const match = /^([CS])>[CS] (STREAM|STOP|RESET) (\d+) ?(?:off=\d+)? *(FIN)?([0-9a-f]*)/.exec(line);
		if (match === null) continue;
		const [, from, word, id, fin, data] = match;
		const kind = word === "STOP" ? "stop" : word === "RESET" ? "reset" : fin === undefined ? "data" : "fin";
		events.push({ from: from as "C" | "S", id: Number(id), data: kind === "data" ? (data ?? "") : "", kind });
	}
	return events;
}

/** Told by what only that version says. */
function versionOf(capture: readonly Event[]): LiteVersion | undefined {
	const client = (id: number): string =>
		capture
			.filter((event) => event.from === "C" && event.id === id)
			.map(({ data }) => data)
			.join("");
	const server = (id: number): string =>
		capture
			.filter((event) => event.from === "S" && event.id === id)
			.map(({ data }) => data)
			.join("");
	if (server(0).startsWith("210020c0000000ff0dad02") || server(0).includes("ff0dad02")) return LITE_02;
	if (!client(0).startsWith("01")) return undefined;
	if (client(2).startsWith("01")) return LITE_05;
	if (client(0).startsWith("010100")) return LITE_03;
	return client(0).startsWith("0109") || client(0).startsWith("0102") ? LITE_04 : undefined;
}

/** The id that the server stamped on its announcements. */
function serverIdOf(capture: readonly Event[]): number {
	const said = capture
		.filter((event) => event.from === "S" && event.id === 0)
		.map(({ data }) => data)
		.join("");
	const [, id] = /c0(00|01|0[2-9a-f]|1[0-9a-f])([0-9a-f]{12})/.exec(said) ?? [];
	if (id === undefined) return 1;
	return Number.parseInt(/c0([0-9a-f]{14})/.exec(said)?.[1] ?? "1", 16);
}

function isGroup(capture: readonly Event[], id: number): boolean {
	return capture.find((event) => event.from === "S" && event.id === id && event.data !== "")?.data === "00";
}

/** Two frames on catalog.json, in the group that the capture has. */
function publishCaptured(origin: Origin, capture: readonly Event[]): void {
	const { broadcast } = publish(origin, "bbb.hang");
	const track = broadcast.track("catalog.json", { timescale: 1_000_000 });
	const head = capture.filter((event) => event.from === "S" && isGroup(capture, event.id) && (event.id & 3) === 3);
	const sequence = Number.parseInt((head[2]?.data ?? "0000").slice(2, 4), 16);
	for (let i = 0; i < sequence; i++) track.group().finish();
	const group = track.group();
	group.frame({ timestamp: 1000, payload: bytes("hello") });
	group.frame({ timestamp: 3000, payload: bytes("world!") });
	group.finish();
}

/** Say what the client said, in the same pieces; what it did to streams of the server is left out. */
function replay(world: World, peer: RawPeer, capture: readonly Event[]): Map<number, RawStream> {
	const streams = new Map<number, RawStream>();
	const unis = new Map<number, ReturnType<RawPeer["uni"]>>();
	world.run(10);
	for (const { from, id, data, kind } of capture) {
		if (from !== "C" || (id & 1) === 1) continue;
		const send = (id & 2) === 2 ? held(unis, id, () => peer.uni()).send : held(streams, id, () => peer.bidi()).send;
		if (kind === "data") send.write(hex(data));
		if (kind === "fin") send.finish();
		if (kind === "reset") send.reset(0);
		world.run(20);
	}
	world.run(2000);
	return streams;
}

function held<V>(map: Map<number, V>, key: number, make: () => V): V {
	const value = map.get(key) ?? make();
	map.set(key, value);
	return value;
}
