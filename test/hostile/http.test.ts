/**
 * HTTP on the public port: what it answers, to whom it owes nothing, and what it costs.
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { connect as connectTls, type SecureVersion } from "node:tls";
import { announced, connect, publish, view } from "./client.ts";
import { RawSocket } from "./raw-socket.ts";
import { upgradeRequest } from "./raw-web-socket.ts";
import { OPEN, Target } from "./target.ts";

const CHUNKED_TOO = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

/** Whole requests, and the statuses of all answers; none stands for a closed socket. */
const REQUESTS: readonly (readonly [string, string, readonly number[]])[] = [
	["GET /health", get("/health"), [200]],
	["GET / without HTTP/1.1", "GET /health\r\n\r\n", [200]],
	...["POST", "PUT", "DELETE", "PATCH", "TRACE"].map((method) => request(method, get("/health", [], method), 405)),
	request("CONNECT", get("localhost:443", [], "CONNECT")),
	request("an unknown method", get("/health", [], "FOO"), 400),
	request("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
	request("zeros", "\0".repeat(100), 400),
	request("no Host", "GET /health HTTP/1.1\r\n\r\n", 400),
	request("bare line feeds", "GET /health HTTP/1.1\nHost: a\n\n", 400),
	request("a folded header", get("/health", ["X: a\r\n b"]), 400),
	request("a space in the target", get("/a b"), 400),
	request("control characters in the target", get("/\x7f"), 400),
	request("bytes above ASCII in the target", get("/announced/\xfc"), 400),
	request("200 headers", get("/health", many(200, "X: 1")), 431),
	request("a header of 20 000 bytes", get("/health", [`X: ${"a".repeat(20_000)}`]), 431),
	request("a target of 20 000 bytes", get(`/${"a".repeat(20_000)}`), 431),
	request("a query of 10 000 bytes", get(`/health?${"q".repeat(10_000)}`), 200),
	request("two lengths", get("/health", ["Content-Length: 5", "Content-Length: 6"]), 400),
	request("a length and chunks", `POST /health HTTP/1.1\r\nHost: a\r\n${CHUNKED_TOO}${get("/announced")}`, 400),
	request("a length and chunks in a GET", `GET /health HTTP/1.1\r\nHost: a\r\n${CHUNKED_TOO}${get("/announced")}`, 400),
	request("an unknown transfer coding", get("/health", ["Transfer-Encoding: xchunked"]), 400),
	request("a body", `${get("/health", ["Content-Length: 5"])}hello${get("/health")}`, 200, 200),
	request("an expectation that nobody meets", get("/health", ["Expect: banana"]), 417),
	request("50 requests at once", get("/health").repeat(50), ...many(50, 200)),
	request("an upgrade to HTTP/2", get("/health", ["Connection: Upgrade", "Upgrade: h2c"]), 400),
];

/** Targets of a GET, and the status. */
const TARGETS: readonly (readonly [string, number])[] = [
	["/announced", 200],
	["/announced//honest//camera/", 200],
	["/announced/../..", 200],
	["/announced/%2e%2e/honest", 200],
	["/announced/%00", 400],
	["/announced/%ff", 400],
	["/announced/%", 400],
	[`/announced/${"a/".repeat(33)}`, 400],
	[`/announced/${"a".repeat(2048)}`, 400],
	["/announced?jwt=a.b.c", 401],
	[`/announced?jwt=${"a".repeat(15_000)}`, 401],
	["/announced?jwt=a&jwt=b", 401],
	["/fetch", 400],
	["/fetch/video", 400],
	["/fetch/honest/camera/video", 200],
	["/fetch/honest%2fcamera/video", 200],
	["/fetch/honest/camera/video?group=latest", 200],
	["/fetch/honest/camera/nothing", 404],
	["/fetch/honest/camera/vid%2feo", 404],
	["/fetch/honest/camera/video?group=99999999", 404],
	["/fetch/honest/camera/video?group=9007199254740991", 404],
	...["-1", "9007199254740992", "9223372036854775808", "1e3", "0x10", "", "+1", "NaN"].map(
		(group) => [`/fetch/honest/camera/video?group=${group}`, 400] as const,
	),
	["//", 404],
	["/..", 404],
	["*", 404],
	["http://elsewhere/health", 404],
];

/** Upgrade requests, and the status. */
const UPGRADES: readonly (readonly [string, string, number])[] = [
	["no key", upgradeRequest("/", ["Sec-WebSocket-Key:"]), 400],
	["a short key", upgradeRequest("/", ["Sec-WebSocket-Key: abc"]), 400],
	["the method POST", upgradeRequest("/").replace("GET", "POST"), 405],
	["another protocol", upgradeRequest("/").replace("Upgrade: websocket", "Upgrade: foo"), 400],
	["version 7", upgradeRequest("/").replace("Version: 13", "Version: 7"), 400],
	["an unknown subprotocol", upgradeRequest("/", ["Sec-WebSocket-Protocol: foo"]), 400],
	["an empty subprotocol", upgradeRequest("/", ["Sec-WebSocket-Protocol: "]), 400],
	["commas for subprotocols", upgradeRequest("/", ["Sec-WebSocket-Protocol: ,,,"]), 400],
	["a subprotocol twice", upgradeRequest("/", ["Sec-WebSocket-Protocol: qmux-01, qmux-01"]), 400],
	["2000 subprotocols", upgradeRequest("/", [`Sec-WebSocket-Protocol: ${many(2000, "p").join()}`]), 400],
	[
		"two lists of subprotocols",
		upgradeRequest("/", ["Sec-WebSocket-Protocol: foo", "Sec-WebSocket-Protocol: qmux-01"]),
		101,
	],
	["an extension that is none", upgradeRequest("/", ["Sec-WebSocket-Extensions: ;=;"]), 101],
	["200 headers", upgradeRequest("/", many(200, "X: 1")), 431],
	["a path of 10 000 bytes", upgradeRequest(`/${"a".repeat(10_000)}`), 400],
	["a path of 33 segments", upgradeRequest(`/${"a/".repeat(33)}`), 400],
	["a path that looks upwards", upgradeRequest("/../../.."), 101],
	["a token that is none", upgradeRequest("/?jwt=a"), 401],
	["two tokens, the last empty", upgradeRequest("/?jwt=a&jwt="), 401],
];

describe("relay over HTTP", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	for (const [what, text, statuses] of REQUESTS) {
		test(`relay answers ${what} with ${statuses.length > 2 ? `${statuses.length} answers` : statuses.join() || "an end"}`, async () => {
			assert.deepEqual(await answers(target, text, statuses.length), statuses);
		});
	}

	for (const [path, status] of TARGETS) {
		test(`relay answers GET ${path.slice(0, 50)} with ${status}`, async () => {
			assert.deepEqual(await answers(target, get(path), 1), [status]);
		});
	}

	for (const [what, text, status] of UPGRADES) {
		test(`relay answers an upgrade with ${what} with ${status}`, async () => {
			assert.deepEqual(await answers(target, text, 1), [status]);
		});
	}

	test("relay answers HEAD everywhere, without a body", async () => {
		for (const path of ["/", "/health", "/announced", "/fetch/honest/camera/video", "/fetch/honest/camera/nothing"]) {
			using socket = await RawSocket.open(target.port);
			await socket.send(get(path, ["Connection: close"], "HEAD"));
			await socket.whenClosed();
			assert.match(socket.text, /^HTTP\/1\.1 (200|404)[\s\S]*\r\n\r\n$/, path);
		}
	});

	test("relay takes TLS 1.3 and nothing older", async () => {
		assert.equal(await handshake(target, "TLSv1.3"), "TLSv1.3");
		for (const version of ["TLSv1", "TLSv1.1", "TLSv1.2"] as const) {
			assert.match(await handshake(target, version), /^ERR_SSL|ALERT/, version);
		}
	});

	test("relay serves everybody while others stay silent, and ends those that say nothing at all in time", async () => {
		await target.survives(async () => {
			const silent: RawSocket[] = [];
			const openings = ["", "\x16\x03\x01", "GET / HTTP/1.1\r\n", get("/", ["Content-Length: 10"])];
			for (const opening of openings) {
				for (let index = 0; index < 100; index++) {
					const socket = await RawSocket.open(target.port);
					silent.push(socket);
					if (opening !== "") await socket.send(Buffer.from(opening, "latin1"));
				}
			}
			for (let index = 0; index < 20; index++) silent.push(await RawSocket.open(target.port, { tls: true }));
			// One that drips has no more time than one that is silent.
			const dripping = setInterval(() => void silent[250]?.send("X: 1\r\n"), 300).unref();
			const client = await connect(new URL(`ws://localhost:${target.port}/`));
			client.session.close(0, "");
			assert.deepEqual(await answers(target, get("/health"), 1), [200]);
			await target.until(() => silent.slice(0, 100).every(({ closed }) => closed), "silent sockets are still open");
			clearInterval(dripping);
			for (const socket of silent) socket[Symbol.dispose]();
		});
	});

	test("relay answers a request whose socket has become a WebSocket meanwhile, and nobody else notices", async () => {
		await target.survives(async () => {
			using socket = await RawSocket.open(target.port);
			await socket.send(get("/fetch/late/video") + upgradeRequest("/"));
			await socket.hears(/101 Switching/);
			const client = await connect(target.relay.url("/"));
			const group = publish(client, "late", "video").group();
			group.frame({ timestamp: 0, payload: new Uint8Array(1000) });
			group.finish();
			await socket.hears(/HTTP\/1\.1 200/);
			client.session.close(0, "");
		});
	});

	test("relay holds little for those who fetch and do not read, and serves no more than it has room for", async () => {
		const client = await connect(target.relay.url("/"));
		const group = publish(client, "large", "video").group();
		for (let index = 0; index < 20; index++) group.frame({ timestamp: index, payload: new Uint8Array(1024 * 1024) });
		group.finish();
		const viewer = await connect(target.relay.url("/"));
		const viewing = view(await announced(viewer, "large"), "video");
		await target.until(() => viewing.complete.length === 1, "the large group did not arrive");
		await target.survives(
			async () => {
				const sockets: RawSocket[] = [];
				for (let index = 0; index < 300; index++) {
					const socket = await RawSocket.open(target.port, { deaf: true });
					sockets.push(socket);
					await socket.send(get("/fetch/large/video?group=0"));
				}
				assert.deepEqual(await answers(target, get("/fetch/honest/camera/video"), 1), [503]);
				for (const socket of sockets) socket[Symbol.dispose]();
			},
			{ growthMib: 300 },
		);
		const whole = await fetch(target.relay.url("/fetch/large/video?group=0"));
		assert.equal((await whole.arrayBuffer()).byteLength, 20 * 1024 * 1024);
		viewer.session.close(0, "");
		client.session.close(0, "");
	});
});

function request(
	what: string,
	text: string,
	...statuses: readonly number[]
): readonly [string, string, readonly number[]] {
	return [what, text, statuses];
}

function get(path: string, headers: readonly string[] = [], method = "GET"): string {
	return `${[`${method} ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
}

function many<T>(count: number, value: T): T[] {
	return Array.from({ length: count }, () => value);
}

/** Say it, and the statuses of so many answers; fewer when the socket is closed before. */
async function answers(target: Target, text: string, count: number): Promise<readonly number[]> {
	using socket = await RawSocket.open(target.port);
	await socket.send(Buffer.from(text, "latin1"));
	const statuses = (): number[] => [...socket.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
	await target.until(() => socket.closed || (count > 0 && statuses().length >= count), "no answer");
	return statuses();
}

/** Shake hands in one version of TLS: the version, or the code of the error. */
async function handshake(target: Target, version: SecureVersion): Promise<string> {
	const socket = connectTls({
		host: "127.0.0.1",
		port: target.port,
		servername: "localhost",
		rejectUnauthorized: false,
		minVersion: version,
		maxVersion: version,
		ciphers: "DEFAULT@SECLEVEL=0",
	});
	try {
		await once(socket, "secureConnect");
		return socket.getProtocol() ?? "";
	} catch (error) {
		return error instanceof Error && "code" in error ? String(error.code) : String(error);
	} finally {
		socket.destroy();
	}
}
