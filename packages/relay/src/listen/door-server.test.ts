/** What a door does with peers that are slow, silent, or speak the wrong thing. */
import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { makeThrowAway } from "../tls/throw-away.ts";
import { DoorServer, type DoorTimes } from "./door-server.ts";
import type { Door, TurnedAway, WebRequest } from "./doorway.ts";

const TIMES: DoorTimes = {
	firstByteMs: 60_000,
	tlsHandshakeMs: 60_000,
	headersMs: 60_000,
	requestMs: 60_000,
	keepAliveMs: 60_000,
	checkMs: 10,
};
const identity = await makeThrowAway(["one.test", "*.wild.test"], Date.now());
const other = await makeThrowAway(["two.test"], Date.now());

interface OpenDoor {
	readonly port: number;
	readonly requests: readonly WebRequest[];
	readonly turnedAway: readonly TurnedAway[];
	readonly server: DoorServer;
}

const open: DoorServer[] = [];
after(() => {
	for (const server of open) server.stop();
});

async function openDoor(times: Partial<DoorTimes> = {}, purpose: Partial<Door> = {}): Promise<OpenDoor> {
	const requests: WebRequest[] = [];
	const turnedAway: TurnedAway[] = [];
	const door: Door = {
		id: 0,
		host: "127.0.0.1",
		port: 0,
		plain: "all",
		identities: "server",
		kind: "public",
		clientRoots: undefined,
		webSocket: true,
		...purpose,
	};
	const server = new DoorServer(door, {
		pairs: door.identities === undefined ? undefined : [identity, other],
		times: { ...TIMES, ...times },
		sink: {
			onRequest: (request, response) => {
				requests.push(request);
				response.end("hello");
			},
			onUpgrade: (_request, { socket }) => socket.destroy(),
			onTurnedAway: (why) => turnedAway.push(why),
			onFault: (error) => {
				throw error;
			},
		},
	});
	open.push(server);
	return { port: await server.listen(0), requests, turnedAway, server };
}

/** Everything a peer answers until it closes. */
function untilClosed(socket: Socket): Promise<string> {
	return new Promise((resolve) => {
		let text = "";
		socket.on("data", (data) => {
			text += data.toString("latin1");
		});
		socket.on("error", () => {}); // "close" follows
		socket.on("close", () => resolve(text));
	});
}

function plain(port: number, first = ""): Socket {
	const socket = connectTcp(port, "127.0.0.1");
	if (first !== "") socket.write(first);
	return socket;
}

function tls(port: number, servername?: string): ReturnType<typeof connectTls> {
	const name = servername === undefined ? {} : { servername };
	return connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...name });
}

test("DoorServer serves HTTP and HTTPS on one port, by the first byte", async () => {
	const { port, requests } = await openDoor();
	const request = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	assert.match(await untilClosed(plain(port, request)), /hello$/);
	const secure = tls(port);
	secure.write(request);
	assert.match(await untilClosed(secure), /hello$/);
	assert.deepEqual(
		requests.map(({ secure, restricted, target }) => [secure, restricted, target]),
		[
			[false, false, "/x"],
			[true, false, "/x"],
		],
	);
});

test("DoorServer closes a peer that sends nothing", async () => {
	const { port, turnedAway } = await openDoor({ firstByteMs: 5 });
	assert.equal(await untilClosed(plain(port)), "");
	assert.deepEqual(turnedAway, ["first-byte"]);
});

test("DoorServer closes a peer that never ends its TLS handshake", async () => {
	const { port, turnedAway } = await openDoor({ tlsHandshakeMs: 5 });
	assert.equal(await untilClosed(plain(port, "\x16\x03\x01")), "");
	assert.deepEqual(turnedAway, ["tls"]);
});

test("DoorServer closes a peer that drips the head of its request, over TLS too", async () => {
	const { port, turnedAway } = await openDoor({ headersMs: 5, requestMs: 10 });
	assert.match(await untilClosed(plain(port, "GET / HTTP/1.1\r\nHo")), /^HTTP\/1\.1 408/);
	const secure = tls(port);
	secure.write("GET / HTTP/1.1\r\nHo");
	assert.match(await untilClosed(secure), /^HTTP\/1\.1 408/);
	assert.deepEqual(turnedAway, ["http", "http"]);
});

test("DoorServer closes a peer that says nothing after its TLS handshake", async () => {
	const { port } = await openDoor({ headersMs: 5, requestMs: 10 });
	assert.doesNotMatch(await untilClosed(tls(port)), /200/);
});

test("DoorServer closes a socket that is idle between requests", async () => {
	const { port } = await openDoor({ keepAliveMs: 5 });
	assert.match(await untilClosed(plain(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), /hello$/);
});

test("DoorServer tells plain HTTP on a TLS port what the port speaks, and drops TLS on a plain one", async () => {
	const secure = await openDoor({}, { plain: "none" });
	assert.match(await untilClosed(plain(secure.port, "GET / HTTP/1.1\r\n\r\n")), /400 .*this port speaks HTTPS$/s);
	const bare = await openDoor({}, { identities: undefined });
	assert.equal(await untilClosed(tls(bare.port)), "");
	assert.deepEqual(bare.turnedAway, ["tls"]);
});

test("DoorServer speaks nothing below TLS 1.3", async () => {
	const { port } = await openDoor();
	const error = await new Promise<Error>((resolve) => {
		connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" }).on("error", resolve);
	});
	assert.match(String(error), /protocol|alert/i);
});

test("DoorServer shows the identity that the client asks for, and the first otherwise", async () => {
	const { port, server } = await openDoor();
	const shown = (name?: string): Promise<string> =>
		new Promise((resolve, reject) => {
			const socket = tls(port, name);
			socket.on("error", reject);
			socket.on("secureConnect", () => {
				resolve(socket.getPeerCertificate().fingerprint256.replaceAll(":", "").toLowerCase());
				socket.destroy();
			});
		});
	assert.equal(await shown("one.test"), identity.fingerprint);
	assert.equal(await shown("TWO.test"), other.fingerprint);
	assert.equal(await shown("any.wild.test"), identity.fingerprint);
	assert.equal(await shown("unknown.test"), identity.fingerprint);
	assert.equal(await shown(), identity.fingerprint);
	server.identify([other]);
	assert.equal(await shown("one.test"), other.fingerprint);
	assert.equal(await shown(), other.fingerprint);
});
