import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Connection } from "@moq-relay/core";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, Peers } from "@moq-relay/testkit/engine";

/** HTTP/3 spoken by hand over raw QUIC, to see what the engine's side of it makes of it. */
describe("Engine as an HTTP/3 server", { timeout: 60_000 }, () => {
	test("Engine answers a plain GET with 404, a foreign CONNECT with 501, and nonsense with 400", async () => {
		using peers = await Peers.start();
		const connection = await greeted(peers);
		assert.equal(
			await ask(connection, request([METHOD_GET, SCHEME_HTTPS, literal(":authority", "a"), PATH_ROOT])),
			404,
		);
		const foreign = [
			METHOD_CONNECT,
			SCHEME_HTTPS,
			literal(":authority", "a"),
			PATH_ROOT,
			literal(":protocol", "websocket"),
		];
		assert.equal(await ask(connection, request(foreign)), 501);
		assert.equal(await ask(connection, request([METHOD_CONNECT])), 400);
		assert.equal(peers.incoming.length, 0);
	});

	test("Engine answers a second CONNECT with 429 and keeps the first session", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => new Ear(incoming.accept(""));
		const connection = await greeted(peers);
		assert.equal(await ask(connection, request(SESSION), { fin: "never" }), 200);
		assert.equal(await ask(connection, request(SESSION)), 429);
		assert.equal(peers.incoming.length, 1);
		assert.equal(peers.server.stats().connections, 1);
	});

	test("Engine takes a CONNECT that comes byte by byte", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => new Ear(incoming.accept(""));
		const connection = await greeted(peers);
		assert.equal(await ask(connection, request(SESSION), { fin: "never", piece: 1 }), 200);
	});

	test("Engine ends a connection whose SETTINGS are no SETTINGS", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial({ protocols: ["h3"] });
		const ear = new Ear(connection);
		connection.openUni()?.write(Uint8Array.of(0x00, 0x01, 0x00));
		assert.deepEqual((await ear.ended()).by, "remote");
		assert.equal(peers.incoming.length, 0);
	});

	test("Engine ends a session whose CONNECT stream breaks off, and tells its owner", async () => {
		using peers = await Peers.start();
		const ears: Ear[] = [];
		peers.onIncoming = (incoming) => ears.push(new Ear(incoming.accept("")));
		const connection = await greeted(peers);
		assert.equal(await ask(connection, request(SESSION), { fin: "after" }), 200);
		await settleInRealTime(() => ears[0]?.end !== undefined);
		assert.deepEqual(ears[0]?.end, { code: 0, reason: "", by: "remote" });
	});

	test("Engine refuses streams of a session that is not there", async () => {
		using peers = await Peers.start();
		const ears: Ear[] = [];
		peers.onIncoming = (incoming) => ears.push(new Ear(incoming.accept("")));
		const connection = await greeted(peers);
		assert.equal(await ask(connection, request(SESSION), { fin: "never" }), 200);
		let stopped = false;
		const stream = connection.openUni({ onStop: () => (stopped = true) });
		stream?.write(Uint8Array.of(0x40, 0x54, 0x44, 0x00, 1, 2, 3));
		await settleInRealTime(() => stopped);
		assert.equal(ears[0]?.streams, 0);
	});
});

/** A client that has sent its SETTINGS. */
async function greeted(peers: Peers): Promise<Connection> {
	const connection = await peers.dial({ protocols: ["h3"] });
	new Ear(connection);
	// a control stream with empty SETTINGS
	connection.openUni()?.write(Uint8Array.of(0x00, 0x04, 0x00));
	return connection;
}

/** Send a request and read the status of the answer, which is the first field line of its HEADERS. */
async function ask(
	connection: Connection,
	bytes: Uint8Array,
	how: { fin?: "after" | "never"; piece?: number } = {},
): Promise<number> {
	let answer = Buffer.alloc(0);
	const stream = connection.openBidi({
		onData: (chunk) => {
			answer = Buffer.concat([answer, chunk]);
		},
		onReset: () => {},
	});
	const piece = how.piece ?? bytes.byteLength;
	for (let at = 0; at < bytes.byteLength; at += piece) {
		stream?.send.write(bytes.slice(at, at + piece));
		if (how.piece !== undefined) await new Promise((resolve) => setImmediate(resolve));
	}
	if (how.fin === undefined) stream?.send.finish();
	await settleInRealTime(() => answer.byteLength > 2);
	if (how.fin === "after") stream?.send.finish();
	return statusOf(answer);
}

/** The status in HEADERS: its field line comes first, after the frame's header and the section's prefix. */
function statusOf(answer: Buffer): number {
	const [line = 0, next = 0] = answer.subarray(4);
	const literalStatus = Number(/\d{3}/.exec(answer.toString("latin1"))?.[0]);
	if ((line & 0xc0) !== 0xc0) return literalStatus;
	const index = (line & 0x3f) === 0x3f ? 0x3f + next : line & 0x3f;
	return STATIC_STATUS[index] ?? 0;
}

const STATIC_STATUS: Readonly<Record<number, number>> = { 25: 200, 27: 404, 67: 400 };

/** HEADERS with these field lines. */
function request(lines: readonly Uint8Array[]): Uint8Array {
	const section = Buffer.concat([Uint8Array.of(0, 0), ...lines]);
	return Buffer.concat([Uint8Array.of(0x01, 0x40 | (section.byteLength >> 8), section.byteLength & 0xff), section]);
}

/** A field line with a literal name, neither of them compressed. */
function literal(name: string, value: string): Uint8Array {
	const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
	const prefix = nameBytes.byteLength < 7 ? [0x20 | nameBytes.byteLength] : [0x27, nameBytes.byteLength - 7];
	return Buffer.concat([Uint8Array.from(prefix), nameBytes, Uint8Array.of(valueBytes.byteLength), valueBytes]);
}

/** Field lines of the static table (RFC 9204, appendix A). */
const METHOD_CONNECT = Uint8Array.of(0xc0 | 15);
const METHOD_GET = Uint8Array.of(0xc0 | 17);
const SCHEME_HTTPS = Uint8Array.of(0xc0 | 23);
const PATH_ROOT = Uint8Array.of(0xc0 | 1);
const SESSION = [
	METHOD_CONNECT,
	SCHEME_HTTPS,
	literal(":authority", "a"),
	PATH_ROOT,
	literal(":protocol", "webtransport"),
];
