/** Every public and internal HTTP endpoint, over a real relay. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { type StartedRelay, startRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, type TestClient, writeGroup } from "../testing/test-client.ts";

let folder: string;
let key: Key;
let started: StartedRelay;
let publisher: TestClient;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), "moq-web-"));
	key = await generateKey({ algorithm: "HS256" });
	await writeFile(join(folder, "key.jwk"), formatKey(key, "json"));
	await mkdir(join(folder, "page", "assets"), { recursive: true });
	await writeFile(join(folder, "page", "index.html"), "<!doctype html><title>page</title>");
	await writeFile(join(folder, "page", "assets", "a.js"), "export {};".repeat(20_000));
	await writeFile(join(folder, "secret.txt"), "not to be served");
	started = await startRelay("--auth-key", join(folder, "key.jwk"), "--auth-public-subscribe", "open");
	publisher = await connect(await granted("", { publish: ["open", "closed"] }));
	for (const path of ["open/cam.hang", "closed/cam.hang", "open/my cam.hang"]) {
		const track = publish(publisher, path, "video");
		writeGroup(track, [new TextEncoder().encode("hello "), new TextEncoder().encode("world")]);
		writeGroup(track, [new TextEncoder().encode("second")]);
	}
	const viewer = await connect(await granted("", { subscribe: [""] }));
	for (const path of ["open/cam.hang", "closed/cam.hang", "open/my cam.hang"]) await announced(viewer, path);
	viewer.session.close(0, "");
});

after(async () => {
	publisher.session.close(0, "");
	await started[Symbol.asyncDispose]();
	await rm(folder, { recursive: true });
});

/** A URL with a token. */
async function granted(path: string, grants: { publish?: string[]; subscribe?: string[] }): Promise<URL> {
	return started.url(`/${path}?jwt=${await signToken(key, { root: "", ...grants })}`);
}

async function get(path: string | URL, init?: RequestInit): Promise<{ response: Response; text: string }> {
	const response = await fetch(typeof path === "string" ? started.url(path) : path, init);
	return { response, text: await response.text() };
}

test("GET / is a landing page, and an unknown path is one with 404", async () => {
	const root = await get("/");
	assert.equal(root.response.status, 200);
	assert.match(root.response.headers.get("content-type") ?? "", /^text\/html/);
	const unknown = await get("/no/such/path");
	assert.equal(unknown.response.status, 404);
	assert.match(unknown.response.headers.get("content-type") ?? "", /^text\/html/);
});

test("GET /health and /certificate.sha256", async () => {
	assert.equal((await get("/health")).text, "ok\n");
	const { text } = await get("/certificate.sha256");
	assert.match(text, /^[0-9a-f]{64}$/);
	assert.equal(text, started.relay.fingerprint);
});

test("GET /announced lists what the caller may see, relative to the prefix, without a trailing newline", async () => {
	assert.equal((await get("/announced/open")).text, "cam.hang\nmy cam.hang");
	assert.equal((await get("/announced/open/cam.hang")).text, "");
	assert.equal((await get("/announced/open/nothing")).text, "");
	assert.equal((await get("/announced/closed")).response.status, 401);
	assert.equal((await get("/announced")).text, "open/cam.hang\nopen/my cam.hang");
	const all = await get(await granted("announced", { subscribe: [""] }));
	assert.equal(all.text, "closed/cam.hang\nopen/cam.hang\nopen/my cam.hang");
	const bearer = await get("/announced/closed", {
		headers: { authorization: `Bearer ${await signToken(key, { root: "closed", subscribe: [""] })}` },
	});
	assert.equal(bearer.text, "cam.hang");
	assert.equal((await get("/announced/open?jwt=eyJhbGciOiJIUzI1NiJ9.e30.bad")).response.status, 401);
	assert.equal((await get("/announced/%ff")).response.status, 400);
});

test("GET /fetch sends the frames of one group, one after another", async () => {
	assert.equal((await get("/fetch/open/cam.hang/video?group=0")).text, "hello world");
	assert.equal((await get("/fetch/open/cam.hang/video?group=latest")).text, "second");
	assert.equal((await get("/fetch/open/cam.hang/video")).text, "second");
	assert.equal((await get("/fetch/open/my%20cam.hang/video")).text, "second");
	const { response } = await get("/fetch/open/cam.hang/video", { method: "HEAD" });
	assert.equal(response.status, 200);
});

test("GET /fetch answers 400, 401 and 404 as clients expect", async () => {
	for (const [path, status] of [
		["/fetch", 400],
		["/fetch/video", 400],
		["/fetch/open/cam.hang/video?group=-1", 400],
		["/fetch/open/cam.hang/video?group=x", 400],
		["/fetch/open/cam.hang/video?group=99999999999999999999", 400],
		["/fetch/closed/cam.hang/video", 401],
		["/fetch/open/cam.hang/nothing", 404],
		["/fetch/open/cam.hang/video?group=77", 404],
	] as const) {
		assert.equal((await get(path)).response.status, status, path);
	}
});

test("GET /fetch waits for a broadcast that is not announced yet", async () => {
	const answer = get("/fetch/open/later.hang/video");
	const late = publish(publisher, "open/later.hang", "video");
	writeGroup(late, [new TextEncoder().encode("at last")]);
	assert.equal((await answer).text, "at last");
});

test("every answer may be read by any page, and a preflight says so", async () => {
	for (const path of [
		"/",
		"/health",
		"/announced/open",
		"/fetch/open/cam.hang/video",
		"/nowhere",
		"/announced/closed",
	]) {
		const { response } = await get(path);
		assert.equal(response.headers.get("access-control-allow-origin"), "*", path);
	}
	const { response } = await get("/announced/open", { method: "OPTIONS" });
	assert.equal(response.status, 204);
	assert.match(response.headers.get("access-control-allow-methods") ?? "", /GET/);
});

test("HEAD has the headers of GET and no body; other methods are refused", async () => {
	for (const path of ["/", "/health", "/certificate.sha256", "/announced/open", "/nowhere"]) {
		const head = await get(path, { method: "HEAD" });
		const full = await get(path);
		assert.equal(head.response.status, full.response.status, path);
		assert.equal(head.text, "");
		assert.equal(head.response.headers.get("content-length"), full.response.headers.get("content-length"), path);
	}
	for (const method of ["POST", "PUT", "DELETE"]) {
		assert.equal((await get("/", { method })).response.status, 405);
	}
});

test("a request with too long a head is refused with 431", async () => {
	const { response } = await get("/", { headers: { "x-long": "x".repeat(20_000) } });
	assert.equal(response.status, 431);
});

test("[web] page serves the files of a folder, and nothing beside it", async () => {
	await using paged = await startRelay("--auth-public", "", "--web-page", join(folder, "page"));
	const index = await fetch(paged.url("/"));
	assert.equal(await index.text(), "<!doctype html><title>page</title>");
	const script = await fetch(paged.url("/assets/a.js"));
	assert.match(script.headers.get("content-type") ?? "", /^text\/javascript/);
	assert.equal((await script.text()).length, 200_000);
	assert.equal((await fetch(paged.url("/health"))).status, 200);
	for (const path of ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/assets"]) {
		assert.equal((await fetch(paged.url(path))).status, 404, path);
	}
	await assert.rejects(startRelay("--auth-public", "", "--web-page", join(folder, "page", "assets")), /no index\.html/);
});

test("the operators' listener shows health, metrics and sessions, and no token", async () => {
	const read = async (path: string): Promise<string> => (await fetch(started.internalUrl(path))).text();
	assert.equal(await read("/health"), "ok\n");
	assert.equal(await read("/livez"), "ok\n");
	assert.equal(await read("/readyz"), "ok\n");
	const metrics = await read("/metrics");
	assert.match(metrics, /^moq_sessions\{transport="websocket",role="public"\} 1$/m);
	assert.match(metrics, /^moq_auth_failures_total\{reason="missing"\} [1-9]/m);
	assert.match(metrics, /^moq_build_info\{version="0\.0\.0",runtime="node-.*",quic=".*"\} 1$/m);
	assert.match(metrics, /^process_cpu_seconds_total /m);
	const sessions = JSON.parse(await read("/sessions")) as { transport: string; remote: string }[];
	assert.equal(sessions[0]?.transport, "websocket");
	const { nodes, self } = JSON.parse(await read("/nodes")) as { nodes: unknown[]; self: { origin_id: string } };
	assert.deepEqual(nodes, []);
	assert.match(self.origin_id, /^\d+$/);
	assert.equal((await fetch(started.internalUrl("/other"))).status, 404);
	const everything = metrics + JSON.stringify(sessions) + JSON.stringify(started.log);
	assert.doesNotMatch(everything, /eyJ[A-Za-z0-9_-]{10}/);
});
