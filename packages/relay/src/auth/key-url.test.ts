import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { formatKey, generateKey, type Key, TokenError } from "@moq-relay/token";
import { KeyUrl } from "./key-url.ts";
import { KEY_BYTES_MAX, KEY_FRESH_MS, KEY_FRESH_MS_MAX, KEY_NEGATIVE_MS } from "./limits.ts";

const one = await generateKey({ algorithm: "HS256", id: "one" });
const two = await generateKey({ algorithm: "HS256", id: "two" });
const jwks = (...keys: Key[]): string => JSON.stringify({ keys: keys.map((key) => key.export()) });

interface Server {
	/** What the next request gets; thrown when it is an error. */
	answer: () => Response | Error;
	readonly requests: string[];
	readonly changes: string[];
	readonly clock: VirtualClock;
	readonly source: KeyUrl;
}

function serve(freshMs?: number): Server {
	const clock = new VirtualClock();
	const requests: string[] = [];
	const changes: string[] = [];
	const server = { answer: (): Response | Error => new Response(formatKey(one, "json")), requests, changes, clock };
	const source = new KeyUrl({
		url: "https://keys.example/jwks",
		freshMs,
		timeoutMs: 5000,
		clock,
		sink: { onChange: () => changes.push("change"), onWarning: (message) => changes.push(message) },
		fetch: async (url, init) => {
			assert.equal(init?.redirect, "error");
			assert.ok(init?.signal instanceof AbortSignal);
			requests.push(new Request(url).url);
			const answer = server.answer();
			if (answer instanceof Error) throw answer;
			return answer;
		},
	});
	return Object.assign(server, { source });
}

const advance = (server: Server, ms: number): void => server.clock.run(server.clock.nowMs() + ms);
const reason = async (found: Promise<Key>): Promise<string> =>
	found.then(
		(key) => `found ${key.id}`,
		(error: unknown) => (error instanceof TokenError ? error.reason : String(error)),
	);

test("KeyUrl.find() asks once for many sessions, and again when the answer is stale", async () => {
	const server = serve();
	const found = await Promise.all(Array.from({ length: 20 }, () => server.source.find("one")));
	assert.deepEqual(new Set(found.map((key) => key.id)), new Set(["one"]));
	advance(server, KEY_FRESH_MS - 1);
	await server.source.find("one");
	assert.equal(server.requests.length, 1);
	advance(server, 1);
	await server.source.find("one");
	assert.equal(server.requests.length, 2);
});

test("KeyUrl.find() lets Cache-Control say how long an answer counts, within bounds", async () => {
	const cases: [Record<string, string>, number][] = [
		[{ "cache-control": "public, max-age=120" }, 120_000],
		[{ "cache-control": "max-age=120", age: "100" }, 20_000],
		[{ "cache-control": "max-age=99999999" }, KEY_FRESH_MS_MAX],
		[{ "cache-control": "max-age=0" }, 1000],
		[{ "cache-control": "no-store" }, 1000],
		[{}, KEY_FRESH_MS],
	];
	for (const [headers, freshMs] of cases) {
		const server = serve();
		server.answer = () => new Response(formatKey(one, "json"), { headers });
		await server.source.find("one");
		advance(server, freshMs - 1);
		await server.source.find("one");
		assert.equal(server.requests.length, 1, JSON.stringify(headers));
		advance(server, 1);
		await server.source.find("one");
		assert.equal(server.requests.length, 2, JSON.stringify(headers));
	}
});

test("KeyUrl.find() lets the configured interval win over Cache-Control", async () => {
	const server = serve(30_000);
	server.answer = () => new Response(formatKey(one, "json"), { headers: { "cache-control": "max-age=1" } });
	await server.source.find("one");
	advance(server, 29_999);
	await server.source.find("one");
	assert.equal(server.requests.length, 1);
});

test("KeyUrl.find() fails closed, tells an absent key from a broken server, and remembers both for a while", async () => {
	const cases: [() => Response | Error, string][] = [
		[() => new Response("", { status: 404 }), "unknown_key"],
		[() => new Response("", { status: 410 }), "unknown_key"],
		[() => new Response("", { status: 500 }), "backend"],
		[() => new Response("", { status: 403 }), "backend"],
		[() => new Response("garbage"), "backend"],
		[() => new Response("x".repeat(2 * 1024 * 1024)), "backend"],
		[() => new TypeError("fetch failed"), "backend"],
		[() => new DOMException("took too long", "TimeoutError"), "backend"],
	];
	for (const [answer, expected] of cases) {
		const server = serve();
		server.answer = answer;
		for (let time = 0; time < 5; time++) assert.equal(await reason(server.source.find("one")), expected);
		assert.equal(server.requests.length, 1, "a failure is remembered");
		server.answer = () => new Response(formatKey(one, "json"));
		advance(server, KEY_NEGATIVE_MS);
		assert.equal(await reason(server.source.find("one")), "found one");
	}
});

test("KeyUrl.find() reads no answer without end", { timeout: 30_000 }, async () => {
	const server = serve();
	let pulled = 0;
	const body = new ReadableStream<Uint8Array>({
		pull: (controller) => {
			pulled += 65_536;
			// Far beyond the bound an end, so that a missing bound fails the test and does not hang it.
			if (pulled > 16 * KEY_BYTES_MAX) controller.close();
			else controller.enqueue(new Uint8Array(65_536).fill(0x20));
		},
	});
	server.answer = () => new Response(body);
	assert.equal(await reason(server.source.find("one")), "backend");
	assert.ok(pulled < 2 * KEY_BYTES_MAX, `${pulled} bytes were read`);
});

test("KeyUrl.find() refuses a stale key while the server does not answer", async () => {
	const server = serve();
	await server.source.find("one");
	server.answer = () => new Response("", { status: 503 });
	assert.equal(await reason(server.source.find("one")), "found one");
	advance(server, KEY_FRESH_MS);
	assert.equal(await reason(server.source.find("one")), "backend");
	assert.deepEqual(server.changes, ["keys.example: the key server answered 503"]);
});

test("KeyUrl.find() asks again for a key that it does not know, but not for each token", async () => {
	const server = serve();
	server.answer = () => new Response(jwks(one, one));
	assert.equal(await reason(server.source.find("one")), "found one");
	server.answer = () => new Response(jwks(one, two));
	for (let time = 0; time < 5; time++) assert.equal(await reason(server.source.find("two")), "unknown_key");
	assert.equal(server.requests.length, 1);
	advance(server, KEY_NEGATIVE_MS);
	assert.equal(await reason(server.source.find("two")), "found two");
	assert.equal(await reason(server.source.find(undefined)), "unknown_key");
	assert.equal(server.requests.length, 2);
});

test("KeyUrl.poll() reports replaced and withdrawn keys, and nothing while the server is away", async () => {
	const server = serve();
	await server.source.poll();
	assert.equal(server.requests.length, 0, "nobody uses it yet");
	await server.source.find("one");
	advance(server, KEY_FRESH_MS);
	await server.source.poll();
	assert.deepEqual(server.changes, []);
	server.answer = () => new Response(formatKey(two, "json"));
	advance(server, KEY_FRESH_MS);
	await server.source.poll();
	assert.deepEqual(server.changes, ["change"]);
	server.answer = () => new TypeError("fetch failed");
	advance(server, KEY_FRESH_MS);
	await server.source.poll();
	assert.deepEqual(server.changes, ["change", "keys.example: the key server cannot be reached"]);
	server.answer = () => new Response("", { status: 404 });
	advance(server, KEY_FRESH_MS);
	await server.source.poll();
	assert.equal(server.changes.at(-1), "change");
	assert.equal(await reason(server.source.find("two")), "unknown_key");
});
