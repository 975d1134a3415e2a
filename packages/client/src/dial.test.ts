/** What `dial` says when it fails, and how two ways race. */
import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { test } from "node:test";
import type { Connection } from "@moq-relay/core";
import { dial } from "./dial.ts";
import { DialError } from "./dial-error.ts";
import { parseDialUrl, resolveHost } from "./dial-target.ts";
import { raceWithHeadStart } from "./race.ts";

/** Without the engine, which has tests of its own and needs a build. */
const PLAIN = { engine: null };

async function listening(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

async function failure(attempt: Promise<unknown>): Promise<DialError> {
	try {
		await attempt;
	} catch (error) {
		assert.ok(error instanceof DialError, String(error));
		assert.doesNotMatch(error.message, /\n|secret/);
		return error;
	}
	throw new Error("it did not fail");
}

test("dial() refuses URLs that it cannot dial", async () => {
	for (const url of ["ftp://host/?jwt=secret", "file:///etc"]) {
		assert.equal((await failure(dial(new URL(url), PLAIN))).kind, "url", url);
	}
});

test("dial() tells an unknown name, a closed port and a silent peer apart", async () => {
	assert.match((await failure(dial(new URL("ws://name.invalid/"), PLAIN))).message, /name\.invalid is unknown/);
	const server = createServer();
	const port = await listening(server);
	await new Promise((resolve) => server.close(resolve));
	const closed = await failure(dial(new URL(`ws://127.0.0.1:${port}/?jwt=secret`), PLAIN));
	assert.deepEqual(
		[closed.kind, closed.message],
		["unreachable", `ws://127.0.0.1:${port} refuses connections: nobody listens there`],
	);
	const silent = createServer(() => {});
	const silentUrl = new URL(`ws://127.0.0.1:${await listening(silent)}/`);
	const late = await failure(dial(silentUrl, { ...PLAIN, timeoutMs: 50 }));
	assert.equal(late.kind, "timeout");
	silent.close();
});

test("dial() says what a status means, and passes it on", async () => {
	for (const [status, text] of [
		[401, /refused the token, or wants one/],
		[429, /too many sessions/],
		[404, /no relay at this address/],
		[418, /HTTP status 418/],
	] as const) {
		const server = createHttpServer((_request, response) => response.writeHead(status).end());
		const url = new URL(`ws://127.0.0.1:${await listening(server)}/x?jwt=secret`);
		const error = await failure(dial(url, PLAIN));
		assert.deepEqual([error.kind, error.status], ["status", status]);
		assert.match(error.message, text);
		server.close();
		server.closeAllConnections();
	}
});

test("dial() gives up when its signal says so", async () => {
	const server = createServer(() => {});
	const url = new URL(`ws://127.0.0.1:${await listening(server)}/`);
	const controller = new AbortController();
	const attempt = failure(dial(url, { ...PLAIN, signal: controller.signal }));
	controller.abort();
	assert.equal((await attempt).kind, "aborted");
	server.close();
});

test("parseDialUrl() knows the ports, and keeps the token out of what is shown", () => {
	const cases: [string, number, string][] = [
		["https://a.example", 443, "https://a.example:443"],
		["http://a.example/x?jwt=secret", 80, "http://a.example:80"],
		["wss://[::1]:4443/", 4443, "wss://[::1]:4443"],
		["moqt://a.example:9/x", 9, "moqt://a.example:9"],
	];
	for (const [url, port, shown] of cases) {
		const target = parseDialUrl(new URL(url));
		assert.deepEqual([target.port, target.shown], [port, shown]);
	}
	assert.equal(parseDialUrl(new URL("http://a.example/x?jwt=secret")).path, "/x?jwt=secret");
});

test("resolveHost() gives addresses as they are, and both families of a name", async () => {
	const target = parseDialUrl(new URL("ws://[::1]:5/"));
	assert.deepEqual(await resolveHost(target), [{ host: "::1", port: 5 }]);
	const local = await resolveHost(parseDialUrl(new URL("ws://localhost:5/")));
	assert.ok(local.some(({ host }) => host === "127.0.0.1" || host === "::1"));
});

/** A connection that only tells whether it was closed. */
function fakeConnection(): { connection: Connection; closed: () => boolean } {
	let closed = false;
	const connection = {
		accept: () => {},
		close: () => {
			closed = true;
		},
	} as unknown as Connection;
	return { connection, closed: () => closed };
}

/** A way that settles when it is told to. */
function way() {
	const { promise, resolve, reject } = Promise.withResolvers<Connection>();
	const started = Promise.withResolvers<AbortSignal>();
	const run = (signal: AbortSignal): Promise<Connection> => {
		started.resolve(signal);
		return promise;
	};
	return { run, resolve, reject, started: started.promise };
}

const HOUR_MS = 3_600_000;

test("raceWithHeadStart() takes the first way alone while it has its head start", async () => {
	const [first, second] = [way(), way()];
	const { connection } = fakeConnection();
	const race = raceWithHeadStart({
		first: first.run,
		second: second.run,
		headStartMs: HOUR_MS,
		graceMs: HOUR_MS,
		signal: new AbortController().signal,
	});
	first.resolve(connection);
	assert.equal(await race, connection);
});

test("raceWithHeadStart() begins the second way at once when the first fails, and names both failures", async () => {
	const [first, second] = [way(), way()];
	const race = raceWithHeadStart({
		first: first.run,
		second: second.run,
		headStartMs: HOUR_MS,
		graceMs: HOUR_MS,
		signal: new AbortController().signal,
	});
	first.reject(new DialError("timeout", "no answer over QUIC"));
	await second.started;
	second.reject(new DialError("unreachable", "nobody listens"));
	const error = await failure(race);
	assert.equal(error.message, "no answer over QUIC; nobody listens");
});

test("raceWithHeadStart() closes the connection that comes too late", async () => {
	const [first, second] = [way(), way()];
	const [winner, loser] = [fakeConnection(), fakeConnection()];
	const race = raceWithHeadStart({
		first: first.run,
		second: second.run,
		headStartMs: 0,
		graceMs: HOUR_MS,
		signal: new AbortController().signal,
	});
	const signal = await first.started;
	await second.started;
	second.resolve(winner.connection);
	assert.equal(await race, winner.connection);
	assert.ok(signal.aborted);
	first.resolve(loser.connection);
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual([winner.closed(), loser.closed()], [false, true]);
});

test("raceWithHeadStart() does not try the second way when the server itself refused", async () => {
	const [first, second] = [way(), way()];
	let tried = false;
	void second.started.then(() => {
		tried = true;
	});
	const race = raceWithHeadStart({
		first: first.run,
		second: second.run,
		headStartMs: HOUR_MS,
		graceMs: HOUR_MS,
		signal: new AbortController().signal,
	});
	first.reject(new DialError("status", "refused the token", { status: 401 }));
	assert.equal((await failure(race)).status, 401);
	assert.equal(tried, false);
});

test("raceWithHeadStart() does not wait long for the first way when the second has found nobody", async () => {
	const [first, second] = [way(), way()];
	const race = raceWithHeadStart({
		first: first.run,
		second: second.run,
		headStartMs: 0,
		graceMs: 0,
		signal: new AbortController().signal,
	});
	await second.started;
	second.reject(new DialError("unreachable", "nobody listens"));
	assert.equal((await failure(race)).kind, "unreachable");
	assert.ok((await first.started).aborted);
});
