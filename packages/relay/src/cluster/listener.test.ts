/** The listener for relays: who is let in by what, who is not, and how far. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { Engine } from "@moq-relay/engine";
import { testAuthority } from "@moq-relay/testkit/engine";
import { formatKey, generateKey, signToken } from "@moq-relay/token";
import { type StartedRelay, startRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, Viewer, writeGroup } from "../testing/test-client.ts";

const loaded = Engine.load();
if ("missing" in loaded) throw new Error(loaded.missing);
const engine: Engine = loaded;
const folder = await mkdtemp(join(tmpdir(), "moq-listener-"));
after(async () => {
	engine.close();
	await rm(folder, { recursive: true });
});

const file = (name: string): string => join(folder, name);
const authority = await testAuthority();
const own = await authority.issue(["edge.test", "127.0.0.1"]);
const stranger = await (await testAuthority()).issue(["edge.test", "127.0.0.1"]);
const key = await generateKey({ algorithm: "HS256" });
await writeFile(file("key.jwk"), formatKey(key, "json"));
await writeFile(file("root.pem"), authority.root);
for (const [name, pair] of [
	["own", own],
	["stranger", stranger],
] as const) {
	await writeFile(file(`${name}.pem`), pair.chain);
	await writeFile(file(`${name}.key`), pair.key);
}

const EVERYTHING = { root: "", publish: [""], subscribe: [""] };
const relayToken = await signToken(key, { ...EVERYTHING, cluster: true });
const AUTH = ["--auth-key", file("key.jwk")];
const TRUST = ["--client-tls-disable-verify=true"];
const LISTEN = ["--cluster-listen", "127.0.0.1:0", "--cluster-node", "https://origin.test/"];
const ROOT = ["--cluster-tls-root", file("root.pem")];

function identity(name: string): string[] {
	return ["--client-tls-cert", file(`${name}.pem`), "--client-tls-key", file(`${name}.key`)];
}

/** Where relays come in. */
function forRelays({ relay }: StartedRelay, path = "/", scheme = "https"): URL {
	return new URL(`${scheme}://127.0.0.1:${relay.addresses.cluster[0]?.port}${path}`);
}

async function metric(relay: StartedRelay, name: string): Promise<number> {
	const text = await (await fetch(relay.internalUrl("/metrics"))).text();
	return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** A group published at one relay arrives at the other. */
async function crosses(from: StartedRelay, to: StartedRelay, name: string): Promise<void> {
	const jwt = await signToken(key, { root: "", publish: ["demo"], subscribe: ["demo"], cluster: false });
	const publisher = await connect(from.url(`/demo?jwt=${jwt}`));
	const viewer = await connect(to.url(`/demo?jwt=${jwt}`));
	const track = publish(publisher, name, "video");
	const view = new Viewer(await announced(viewer, name), "video");
	writeGroup(track, [new Uint8Array(2000).fill(9)]);
	const [group] = await view.until(1);
	assert.deepEqual([group?.aborted, group?.frames[0]?.payload.length], [undefined, 2000]);
	for (const client of [publisher, viewer]) client.session.close(0, "");
}

test("Relay lets relays in by client certificate on cluster.listen, over QUIC and over WebSocket", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN, ...ROOT);
	for (const scheme of ["https", "moqt", "wss"]) {
		const link = ["--cluster-connect", forRelays(origin, "/", scheme).href, ...identity("own")];
		await using edge = await startRelay(...AUTH, ...TRUST, ...link);
		await edge.line(({ event }) => event === "cluster.up");
		await crosses(origin, edge, `down-${scheme}`);
		await crosses(edge, origin, `up-${scheme}`);
		const [relaySession] = [...origin.relay.sessions.values()].filter(({ session }) => session.grant?.cluster === true);
		assert.deepEqual(relaySession?.request?.peerIdentity?.names, ["edge.test", "127.0.0.1"], scheme);
		assert.ok((relaySession?.session.grant?.expiresAtMs ?? 0) > Date.now(), "ends with the certificate");
	}
});

test("Relay lets nobody in by a certificate that leads to another authority", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN, ...ROOT);
	for (const scheme of ["https", "wss"]) {
		const link = ["--cluster-connect", forRelays(origin, "/", scheme).href, ...identity("stranger")];
		await using edge = await startRelay(...AUTH, ...TRUST, ...link);
		await edge.line(({ event }) => event === "cluster.down");
		assert.equal(origin.log.filter(({ event }) => event === "session.open").length, 0);
	}
});

test("Relay lets relays in by token on cluster.listen, and there only, with one line for each refusal", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN);
	const link = ["--cluster-connect", `${forRelays(origin)}?jwt=${relayToken}`];
	await using edge = await startRelay(...AUTH, ...TRUST, ...link);
	await edge.line(({ event }) => event === "cluster.up");
	await crosses(origin, edge, "by-token");
	const plain = { engine: null } as const;
	const quic = { engine, webSocket: { enabled: false } };
	let refused = 0;
	for (const query of [`jwt=${relayToken}`, `jwt=${relayToken}&register=https%3A%2F%2Feu.example.com`]) {
		for (const options of [plain, quic]) {
			const url =
				options === quic ? new URL(`https://127.0.0.1:${origin.relay.addresses.quic[0]?.port}`) : origin.url("/");
			await assert.rejects(connect(new URL(`/?${query}`, url), options), /refused the token|ended: 6/);
			refused += 1;
		}
	}
	const fails = origin.log.filter(({ event }) => event === "auth.fail");
	assert.equal(fails.length, refused);
	for (const line of fails) {
		assert.equal(line["reason"], "scope");
		assert.match(String(line["msg"]), /cluster\.listen only/);
	}
	assert.doesNotMatch(JSON.stringify([origin.log, edge.log]), /eyJ/);
});

test("Relay with cluster.listen takes a token for everything without the claim for a person's on the public listener", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN);
	const everything = await signToken(key, { ...EVERYTHING, cluster: false });
	const person = await connect(origin.url(`/?jwt=${everything}`));
	publish(person, ".internal/origins/evil", "x");
	publish(person, "mine", "x");
	await crosses(origin, origin, "after");
	assert.deepEqual(origin.relay.origin.active(".internal"), []);
	assert.equal([...origin.relay.sessions.values()].filter(({ session }) => session.grant?.cluster === true).length, 0);
	person.session.close(0, "");
});

test("Relay with cluster.public lets relays in on both listeners", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN, "--cluster-public");
	const relay = await connect(origin.url(`/?jwt=${relayToken}`));
	await origin.line(({ event }) => event === "session.open");
	assert.equal([...origin.relay.sessions.values()][0]?.session.grant?.cluster, true);
	relay.session.close(0, "");
});

test("Relay lets only relays in on cluster.listen, and answers no requests there", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN, "--auth-public-subscribe", "");
	const person = await signToken(key, { root: "", publish: ["demo"], subscribe: ["demo"], cluster: false });
	for (const query of ["", `?jwt=${person}`]) {
		for (const options of [{}, { engine, webSocket: { enabled: false } }]) {
			await assert.rejects(connect(forRelays(origin, `/demo${query}`), options), /refused the token|ended: 6/);
		}
	}
	const { port } = forRelays(origin);
	const body = await insecureGet(Number(port), "/announced");
	assert.match(body, /^HTTP\/1\.1 404 [^]*for relays only/);
});

test("Relay with cluster.allow hears of nobody from elsewhere", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN, "--cluster-allow", "10.0.0.0/8");
	for (const options of [{}, { engine, webSocket: { enabled: false } }]) {
		await assert.rejects(connect(forRelays(origin, `/?jwt=${relayToken}`), options), /refused the token|ended: 6/);
	}
	const lines = origin.log.filter(({ event }) => event === "limit.ip");
	assert.deepEqual(
		lines.map(({ reason, door }) => [reason, door]),
		[
			["not_allowed", "cluster"],
			["not_allowed", "cluster"],
		],
	);
});

test("Relay drops and counts what a peer announces outside its prefixes, and keeps the link", async () => {
	const rules = JSON.stringify({ "edge.test": { publish: "live" }, "*": { publish: [] } });
	await using origin = await startRelay(...AUTH, ...LISTEN, ...ROOT, "--cluster-peers", rules);
	const link = ["--cluster-connect", forRelays(origin).href, ...identity("own")];
	await using edge = await startRelay(...AUTH, ...TRUST, ...link);
	await edge.line(({ event }) => event === "cluster.up");
	const jwt = await signToken(key, { ...EVERYTHING, cluster: false });
	const publisher = await connect(edge.url(`/?jwt=${jwt}`));
	publish(publisher, "other/cam", "video");
	publish(publisher, "live/cam", "video");
	const viewer = await connect(origin.url(`/?jwt=${jwt}`));
	await announced(viewer, "live/cam");
	await origin.line(({ event, reason }) => event === "proto.violation" && String(reason).includes("outside the grant"));
	assert.deepEqual(
		viewer.origin.active("").map(({ path }) => path),
		["live/cam"],
	);
	assert.equal(await metric(origin, "moq_cluster_announcements_refused_total"), 1);
	assert.equal(edge.log.filter(({ event }) => event === "cluster.down").length, 0);
	// What is published at the origin still reaches the edge, whose right to watch is not limited.
	publish(publisher, "live/other", "video");
	await announced(viewer, "live/other");
	for (const client of [publisher, viewer]) client.session.close(0, "");
});

test("ClusterLink takes from a relay that it dials only what that one may publish", async () => {
	await using origin = await startRelay(...AUTH, ...LISTEN);
	const rules = JSON.stringify({ "127.0.0.1": { publish: "live" } });
	const link = ["--cluster-connect", `${forRelays(origin)}?jwt=${relayToken}`, "--cluster-peers", rules];
	await using edge = await startRelay(...AUTH, ...TRUST, ...link);
	await edge.line(({ event }) => event === "cluster.up");
	const jwt = await signToken(key, { ...EVERYTHING, cluster: false });
	const publisher = await connect(origin.url(`/?jwt=${jwt}`));
	publish(publisher, "other/cam", "video");
	publish(publisher, "live/cam", "video");
	const viewer = await connect(edge.url(`/?jwt=${jwt}`));
	await announced(viewer, "live/cam");
	await edge.line(({ event }) => event === "proto.violation");
	assert.deepEqual(
		viewer.origin.active("").map(({ path }) => path),
		["live/cam"],
	);
	for (const client of [publisher, viewer]) client.session.close(0, "");
});

/** A whole answer over TLS to whoever listens, whatever its certificate. */
function insecureGet(port: number, path: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
			socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
		});
		let text = "";
		socket.on("data", (chunk: Buffer) => {
			text += chunk.toString();
		});
		socket.on("end", () => resolve(text));
		socket.on("error", reject);
	});
}
