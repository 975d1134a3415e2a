/** Links between relays: content crosses them, lost ones are dialled again, and no log shows a token. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { ConfigError } from "../config/config-error.ts";
import { type StartedRelay, startRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, Viewer, writeGroup } from "../testing/test-client.ts";
import { readClusterToken } from "./cluster-token.ts";
import { parsePeer } from "./peer.ts";

const folder = await mkdtemp(join(tmpdir(), "moq-cluster-"));
after(() => rm(folder, { recursive: true }));
const OPEN = ["--auth-public", ""];
const TRUST = ["--client-tls-disable-verify=true"];

async function keyed(): Promise<{ key: Key; flags: readonly string[] }> {
	const key = await generateKey({ algorithm: "HS256" });
	const file = join(folder, "cluster.jwk");
	await writeFile(file, formatKey(key, "json"));
	return { key, flags: ["--auth-key", file] };
}

/** A group published at one relay arrives at the other. */
async function crosses(from: StartedRelay, to: StartedRelay, jwt: string): Promise<void> {
	// A name of its own: the one before lingers, in case its publisher returns.
	const name = `${from.url("/").port}.hang`;
	const publisher = await connect(from.url(`/demo${jwt}`));
	const viewer = await connect(to.url(`/demo${jwt}`));
	const track = publish(publisher, name, "video");
	const view = new Viewer(await announced(viewer, name), "video");
	writeGroup(track, [new Uint8Array(5000).fill(7)]);
	const [group] = await view.until(1);
	assert.deepEqual([group?.aborted, group?.frames[0]?.payload.length], [undefined, 5000]);
	publisher.session.close(0, "");
	viewer.session.close(0, "");
}

test("Cluster joins two relays, whichever way content goes", async () => {
	const { key, flags } = await keyed();
	const jwt = await signToken(key, { root: "", publish: [""], subscribe: [""], cluster: true });
	await using origin = await startRelay(...flags);
	const peer = origin.secureUrl(`/?jwt=${jwt}`).href;
	await using edge = await startRelay(...flags, ...TRUST, "--cluster-connect", peer);
	await edge.line(({ event }) => event === "cluster.up");
	await crosses(origin, edge, `?jwt=${jwt}`);
	await crosses(edge, origin, `?jwt=${jwt}`);
	const metrics = await (await fetch(edge.internalUrl("/metrics"))).text();
	assert.match(metrics, /^moq_cluster_peers 1$/m);
	assert.match(metrics, /^moq_cluster_peer_up\{peer="https:\/\/127\.0\.0\.1:\d+\/"\} 1$/m);
	const nodes = await (await fetch(edge.internalUrl("/nodes"))).text();
	assert.match(nodes, /"direction":"out"/);
	assert.doesNotMatch(JSON.stringify([edge.log, origin.log, metrics, nodes]), /eyJ/);
});

test("Cluster takes its token from the file of [cluster] token", async () => {
	const { key, flags } = await keyed();
	const file = join(folder, "token.jwt");
	await writeFile(file, `${await signToken(key, { root: "", publish: [""], subscribe: [""] })}\n`);
	await using origin = await startRelay(...flags);
	const link = ["--cluster-connect", origin.secureUrl("/").href, "--cluster-token", file];
	await using edge = await startRelay(...flags, ...TRUST, ...link);
	const up = await edge.line(({ event }) => event === "cluster.up");
	assert.equal(up["version"], "moq-lite-05");
});

test("Cluster speaks the first version of [client] version that the peer takes, those without an ALPN of their own too", async () => {
	await using origin = await startRelay(...OPEN);
	for (const [offered, spoken] of [
		["moq-lite-03,moq-lite-05", "moq-lite-03"],
		["moq-lite-02", "moq-lite-02"],
		["moq-lite-01", "moq-lite-01"],
	] as const) {
		const link = ["--cluster-connect", origin.secureUrl("/").href, "--client-version", offered];
		await using edge = await startRelay(...OPEN, ...TRUST, ...link);
		const up = await edge.line(({ event }) => event === "cluster.up");
		assert.equal(up["version"], spoken);
	}
});

test("Cluster says why a peer cannot be reached, and dials again", async () => {
	const gone = await startRelay(...OPEN);
	const url = gone.secureUrl("/").href;
	await gone[Symbol.asyncDispose]();
	await using edge = await startRelay(...OPEN, ...TRUST, "--cluster-connect", `${url}?jwt=eyJhbGciOiJIUzI1NiJ9.e30.s`);
	const down = await edge.line(({ event }) => event === "cluster.down");
	assert.equal(down["peer"], url);
	assert.match(String(down["reason"]), /nobody listens/);
	assert.ok(Number(down["retryMs"]) >= 500 && Number(down["retryMs"]) <= 1000);
	assert.doesNotMatch(JSON.stringify(edge.log), /eyJ/);
});

test("Cluster dials again when a peer that was lost returns", async () => {
	const sockets = new Set<Socket>();
	await using origin = await startRelay(...OPEN);
	const { port } = origin.url("/");
	const proxy = createServer((socket) => {
		const upstream = connectTcp(Number(port), "127.0.0.1");
		sockets.add(socket);
		socket.pipe(upstream).pipe(socket);
		for (const one of [socket, upstream]) one.on("error", () => {});
	});
	await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	const address = proxy.address();
	assert.ok(address !== null && typeof address === "object");
	await using edge = await startRelay(...OPEN, "--cluster-connect", `ws://127.0.0.1:${address.port}/`);
	await edge.line(({ event }) => event === "cluster.up");
	for (const socket of sockets) socket.destroy();
	const down = await edge.line(({ event }) => event === "cluster.down");
	assert.match(String(down["reason"]), /the connection to ws:.* was lost/);
	const ups = (): number => edge.log.filter(({ event }) => event === "cluster.up").length;
	await edge.line(() => ups() === 2);
	proxy.close();
	for (const socket of sockets) socket.destroy();
});

test("parsePeer() takes URLs and bare hosts, splits the cost off, and shows no secret", () => {
	const peer = parsePeer("https://a.example:4443/x?jwt=secret&cost=3");
	assert.deepEqual(
		[peer.url.href, peer.cost, peer.shown],
		["https://a.example:4443/x?jwt=secret", 3, "https://a.example:4443/x"],
	);
	assert.equal(parsePeer("a.example:4443").url.href, "https://a.example:4443/");
	for (const bad of ["https://", "ftp://a/?jwt=secret", "https://a/?cost=x&jwt=secret", "https://a/?cost=-1"]) {
		assert.throws(
			() => parsePeer(bad),
			(error) => error instanceof ConfigError && !error.message.includes("secret"),
		);
	}
});

test("readClusterToken() knows a token from a file", async () => {
	assert.equal(await readClusterToken("eyJhbGciOiJIUzI1NiJ9.e30.c2ln"), "eyJhbGciOiJIUzI1NiJ9.e30.c2ln");
	await assert.rejects(readClusterToken(join(folder, "none")), /ENOENT/);
});
