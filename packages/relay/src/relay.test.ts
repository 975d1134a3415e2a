/** The relay as a whole, over sockets: sessions, upgrades, bad input, limits, and its end. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { webSocketOffer } from "@moq-relay/wire";
import { WebSocket } from "ws";
import { startRelay } from "./testing/started-relay.ts";
import { announced, connect, publish, Viewer, writeGroup } from "./testing/test-client.ts";

const OPEN = ["--auth-public", ""];

/** What became of an upgrade. */
interface Upgrade {
	/** 101 or the status instead. */
	readonly status: number;
	readonly protocol: string;
	readonly webSocket: WebSocket;
}

function upgrade(url: URL, offered: readonly string[]): Promise<Upgrade> {
	const target = url.href.replace(/^http/, "ws");
	const webSocket = new WebSocket(target, [...offered], { rejectUnauthorized: false });
	return new Promise((resolve, reject) => {
		webSocket.on("open", () => resolve({ status: 101, protocol: webSocket.protocol, webSocket }));
		webSocket.on("unexpected-response", (_request, response) => {
			response.resume();
			resolve({ status: response.statusCode ?? 0, protocol: "", webSocket });
			webSocket.terminate();
		});
		webSocket.on("error", (error) => reject(error));
	});
}

function closed(webSocket: WebSocket): Promise<number> {
	return new Promise((resolve) => webSocket.on("close", (code) => resolve(code)));
}

/** A TCP proxy to a local port whose way back can be stalled: a viewer that stops reading. */
async function startProxy(to: number): Promise<{ port: number; stall(stalled: boolean): void } & AsyncDisposable> {
	const upstreams: Socket[] = [];
	const server = createServer((socket) => {
		const upstream = connectTcp(to, "127.0.0.1");
		upstreams.push(upstream);
		socket.on("data", (data) => upstream.write(data));
		upstream.on("data", (data) => socket.write(data));
		for (const [one, other] of [
			[socket, upstream],
			[upstream, socket],
		] as const) {
			one.on("error", () => {});
			one.on("close", () => other.destroy());
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	return {
		port: address !== null && typeof address === "object" ? address.port : 0,
		stall: (stalled) => {
			for (const upstream of upstreams) {
				if (stalled) upstream.pause();
				else upstream.resume();
			}
		},
		[Symbol.asyncDispose]: async () => {
			for (const upstream of upstreams) upstream.destroy();
			server.close();
		},
	};
}

const payload = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill);

test("Relay carries groups from a publisher to viewers over WebSocket, byte for byte", async () => {
	await using started = await startRelay(...OPEN);
	const publisher = await connect(started.url("/demo"));
	const viewer = await connect(started.secureUrl("/demo"));
	const track = publish(publisher, "cam.hang", "video");
	const view = new Viewer(await announced(viewer, "cam.hang"), "video");
	const sent: Uint8Array[][] = [];
	for (let group = 0; group < 5; group++) {
		sent.push([payload(0, 0), payload(4000, group), payload(300_000, group + 1)]);
		writeGroup(track, sent[group] ?? []);
		await view.until(group + 1);
	}
	assert.deepEqual(
		view.groups.map(({ sequence, aborted, frames }) => ({ sequence, aborted, frames: frames.map((f) => f.payload) })),
		sent.map((frames, sequence) => ({ sequence, aborted: undefined, frames })),
	);
	publisher.session.close(0, "");
	viewer.session.close(0, "");
	const line = await started.line(({ event, groupsServed }) => event === "session.close" && groupsServed === 5);
	assert.deepEqual([line["transport"], line["version"]], ["websocket", "moq-lite-05"]);
	assert.match(String(line["remote"]), /^127\.0\.0\.1:\d+$/);
});

test("Relay keeps sessions under different paths apart", async () => {
	await using started = await startRelay(...OPEN);
	const publisher = await connect(started.url("/one"));
	publish(publisher, "cam.hang", "video");
	const top = await connect(started.url("/"));
	await announced(top, "one/cam.hang");
	const other = await connect(started.url("/two"));
	assert.deepEqual(other.origin.active(""), []);
	for (const client of [publisher, top, other]) client.session.close(0, "");
});

test("Relay chooses the WebSocket subprotocol by its own preference, and none where none was offered", async () => {
	await using started = await startRelay(...OPEN);
	const cases: [readonly string[], string][] = [
		[[...webSocketOffer()].toReversed(), webSocketOffer()[0] ?? ""],
		[["webtransport"], "webtransport"],
		[["unknown", "qmux-00.moq-lite-04", "qmux-01.moq-lite-03"], "qmux-00.moq-lite-04"],
		[[], ""],
	];
	for (const [offered, expected] of cases) {
		const { status, protocol, webSocket } = await upgrade(started.url("/demo"), offered);
		assert.deepEqual([status, protocol], [101, expected], offered.join());
		webSocket.terminate();
	}
	assert.equal((await upgrade(started.url("/demo"), ["chat", "qmux-09"])).status, 400);
});

test("Relay answers a refused WebSocket with its status before the upgrade, and says who it was", async () => {
	await using started = await startRelay("--auth-public", "open");
	const offer = ["qmux-01.moq-lite-05"];
	assert.equal((await upgrade(started.url("/closed"), offer)).status, 401);
	assert.equal((await upgrade(started.url("/closed?jwt=eyJhbGciOiJIUzI1NiJ9.e30.secret"), offer)).status, 401);
	const admitted = await upgrade(started.url("/open/x"), offer);
	assert.equal(admitted.status, 101);
	admitted.webSocket.terminate();
	const failures = started.log.filter(({ event }) => event === "auth.fail");
	assert.equal(failures.length, 2);
	for (const line of failures) assert.match(String(line["remote"]), /^127\.0\.0\.1:\d+$/);
	assert.doesNotMatch(JSON.stringify(started.log), /secret/);
});

test("Relay without [web.*] serves TLS everything and plain HTTP nothing that may hold a secret", async () => {
	await using started = await startRelay(...OPEN, "--no-plain");
	for (const [path, status] of [
		["/", 200],
		["/health", 200],
		["/certificate.sha256", 200],
		["/announced", 426],
		["/?jwt=x", 426],
		["/nowhere", 426],
	] as const) {
		assert.equal((await fetch(started.url(path))).status, status, path);
	}
	assert.equal((await upgrade(started.url("/demo"), ["qmux-01"])).status, 426);
	const { status, webSocket } = await upgrade(started.secureUrl("/demo"), ["qmux-01"]);
	assert.equal(status, 101);
	webSocket.terminate();
});

test("Relay closes a WebSocket that breaks the carrier's rules, and no other", async () => {
	await using started = await startRelay(...OPEN);
	const bystander = await connect(started.url("/demo"));
	const breaking: [string, (webSocket: WebSocket) => void, number][] = [
		["text", (webSocket) => webSocket.send("hello"), 1003],
		["rubbish", (webSocket) => webSocket.send(payload(200, 0xff)), 1002],
		["a message that is too large", (webSocket) => webSocket.send(payload(2 * 1024 * 1024, 0)), 1009],
	];
	for (const [what, act, code] of breaking) {
		const { webSocket } = await upgrade(started.url("/demo"), ["qmux-01.moq-lite-05"]);
		const end = closed(webSocket);
		act(webSocket);
		assert.equal(await end, code, what);
	}
	const track = publish(bystander, "cam.hang", "video");
	const viewer = await connect(started.url("/demo"));
	const view = new Viewer(await announced(viewer, "cam.hang"), "video");
	writeGroup(track, [payload(10, 1)]);
	await view.until(1);
	for (const client of [bystander, viewer]) client.session.close(0, "");
});

test("Relay skips a viewer that does not read forward, and others see nothing of it", async () => {
	await using started = await startRelay(...OPEN);
	const publisher = await connect(started.url("/demo"));
	const track = publish(publisher, "cam.hang", "video");
	await using proxy = await startProxy(Number(started.url("/").port));
	const slow = await connect(new URL(`http://127.0.0.1:${proxy.port}/demo`));
	const fast = await connect(started.url("/demo"));
	const slowView = new Viewer(await announced(slow, "cam.hang"), "video");
	const fastView = new Viewer(await announced(fast, "cam.hang"), "video");
	writeGroup(track, [payload(10, 0)]);
	await Promise.all([slowView.until(1), fastView.until(1)]);
	proxy.stall(true);
	for (let group = 1; group <= 40; group++) {
		writeGroup(track, [payload(1024 * 1024, group)]);
		await fastView.until(group + 1);
	}
	assert.ok(fastView.groups.every(({ aborted }) => aborted === undefined));
	proxy.stall(false);
	writeGroup(track, [payload(10, 99)]);
	const complete = (): readonly number[] =>
		slowView.groups.filter(({ aborted }) => aborted === undefined).map(({ sequence }) => sequence);
	for (let count = slowView.groups.length; !complete().includes(41); count++) await slowView.until(count + 1);
	assert.ok(complete().length < 40, `${complete().length} groups reached a viewer that did not read`);
	for (const client of [publisher, slow, fast]) client.session.close(0, "");
});

test("Relay holds nothing for sessions that have ended", async () => {
	await using started = await startRelay(...OPEN);
	for (let round = 0; round < 5; round++) {
		const publisher = await connect(started.url("/demo"));
		const name = `cam${round}.hang`;
		const track = publish(publisher, name, "video");
		const viewers = await Promise.all(Array.from({ length: 5 }, () => connect(started.url("/demo"))));
		const views = await Promise.all(viewers.map(async (one) => new Viewer(await announced(one, name), "video")));
		for (let group = 1; group <= 3; group++) {
			writeGroup(track, [payload(50_000, group)]);
			await Promise.all(views.map((view) => view.until(group)));
		}
		for (const client of [publisher, ...viewers]) client.session.close(0, "");
	}
	await started.relay.sessions.empty();
	const value = async (name: string): Promise<number> => {
		const metrics = await (await fetch(started.internalUrl("/metrics"))).text();
		return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(metrics)?.[1]);
	};
	// What a worker holds it gives up a turn or two after the last viewer has left.
	let tapes = Number.NaN;
	for (let asked = 0; asked < 1000 && tapes !== 0; asked++) tapes = await value("moq_web_worker_tapes");
	assert.equal(tapes, 0);
	assert.equal(await value("moq_faults_total"), 0);
	assert.equal(((await (await fetch(started.internalUrl("/sessions"))).json()) as unknown[]).length, 0);
});

test("Relay admits so many sessions of one address and no more", async () => {
	await using started = await startRelay(...OPEN, "--limits-max-sessions-per-ip", "2");
	const offer = ["qmux-01.moq-lite-05"];
	const held = [await upgrade(started.url("/"), offer), await upgrade(started.url("/"), offer)];
	assert.equal((await upgrade(started.url("/"), offer)).status, 429);
	const line = await started.line(({ event }) => event === "limit.ip");
	assert.equal(line["reason"], "max_sessions_per_ip");
	held[0]?.webSocket.terminate();
	await started.line(({ event }) => event === "session.close");
	assert.equal((await upgrade(started.url("/"), offer)).status, 101);
	for (const { webSocket } of held) webSocket.terminate();
});

test("Relay ends the sessions of a key that was replaced, and no others", async () => {
	const folder = await mkdtemp(join(tmpdir(), "moq-rotate-"));
	const file = join(folder, "key.jwk");
	const [old, next] = [await generateKey({ algorithm: "HS256" }), await generateKey({ algorithm: "HS256" })];
	await writeFile(file, formatKey(old, "json"), { mode: 0o600 });
	await using started = await startRelay("--auth-key", file, "--auth-public-subscribe", "open");
	const token = (key: Key): Promise<string> => signToken(key, { root: "demo", publish: [""], subscribe: [""] });
	const holder = await connect(started.url(`/demo?jwt=${await token(old)}`));
	const anonymous = await connect(started.url("/open"));
	await writeFile(file, formatKey(next, "json"));
	const end = await holder.ended;
	assert.deepEqual([end.code, end.by], [6, "remote"]);
	await started.line(({ event }) => event === "auth.revoked");
	const renewed = await connect(started.url(`/demo?jwt=${await token(next)}`));
	await started.line(({ event, session }) => event === "session.open" && session === 3);
	assert.equal(started.relay.sessions.size, 2);
	for (const client of [anonymous, renewed]) client.session.close(0, "");
	await rm(folder, { recursive: true });
});

test("Relay.drain() answers 503, refuses sessions, and waits no longer than it was told", async () => {
	await using started = await startRelay(...OPEN);
	const client = await connect(started.url("/demo"));
	const draining = started.relay.drain({ deadlineMs: 100 });
	assert.equal((await fetch(started.url("/"))).status, 503);
	assert.equal((await fetch(started.internalUrl("/readyz"))).status, 503);
	assert.equal((await fetch(started.internalUrl("/livez"))).status, 200);
	assert.equal((await upgrade(started.url("/demo"), ["qmux-01"])).status, 503);
	await draining;
	await started.relay.close();
	assert.deepEqual((await client.ended).by, "remote");
	await assert.rejects(fetch(started.url("/")));
});

test("Relay.start() names a TCP port in use, and leaves nothing open", async () => {
	await using first = await startRelay(...OPEN);
	const port = first.url("/").port;
	await assert.rejects(startRelay(...OPEN, "--web-http-listen", `127.0.0.1:${port}`), (error: Error) => {
		assert.equal(error.name, "PortError");
		assert.equal(
			error.message,
			`cannot listen on TCP 127.0.0.1:${port}: the port is in use; stop what uses it, or choose another port`,
		);
		return true;
	});
});

test("Relay closes a TCP peer that sends something that is neither TLS nor HTTP", async () => {
	await using started = await startRelay(...OPEN);
	const { port } = started.url("/");
	const answers = await Promise.all(
		["\x00\x01\x02\x03", "\x16\x03rubbish that is no handshake\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"].map((text) => {
			return new Promise<string>((resolve) => {
				let answer = "";
				const socket = connectTcp(Number(port), "127.0.0.1", () => socket.write(text, "latin1"));
				socket.on("data", (data) => {
					answer += data.toString("latin1");
				});
				socket.on("error", () => {});
				socket.on("close", () => resolve(answer));
			});
		}),
	);
	assert.match(answers[0] ?? "", /^HTTP\/1\.1 400/);
	assert.doesNotMatch(answers[1] ?? "", /HTTP/);
	assert.match(answers[2] ?? "", /^HTTP\/1\.1 400/);
});
