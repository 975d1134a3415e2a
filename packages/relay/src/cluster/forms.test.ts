/** Both ways of writing a cluster, alone and mixed; several parents; what is counted and labelled; nothing leaks. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { signToken } from "@moq-relay/token";
import { freePort, GuideCluster } from "../testing/guide-cluster.ts";
import { type StartedRelay, startAs, startRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, type TestClient, Viewer, writeGroup } from "../testing/test-client.ts";

const folder = await mkdtemp(join(tmpdir(), "moq-forms-"));
after(() => rm(folder, { recursive: true }));
const OPEN = ["--auth-public", "", "--auth-public-publish", ""];
const TRUST = ["--client-tls-disable-verify=true"];

function urlOf({ relay }: StartedRelay, path: string): URL {
	return new URL(`https://127.0.0.1:${relay.addresses.quic[0]?.port}${path}`);
}

function linkTo(relay: StartedRelay) {
	const peer = urlOf(relay, "/").href;
	return (line: { readonly event: string; readonly [key: string]: unknown }): boolean => {
		return line.event === "cluster.up" && line["peer"] === peer && line["link"] !== "root";
	};
}

async function crosses(from: TestClient, name: string, to: readonly TestClient[]): Promise<void> {
	const track = publish(from, name, "video");
	const views = await Promise.all(to.map(async (one) => new Viewer(await announced(one, name), "video")));
	writeGroup(track, [new Uint8Array(1000).fill(1)]);
	for (const view of views) assert.equal((await view.until(1))[0]?.aborted, undefined);
}

async function metrics(relay: StartedRelay): Promise<string> {
	return (await fetch(relay.internalUrl("/metrics"))).text();
}

test("Cluster of both forms: a tree by root, a relay that connects to it, and one of a mesh", async () => {
	await using cluster = await GuideCluster.create();
	const token = join(folder, "mixed.jwt");
	await writeFile(token, cluster.clusterToken);
	const origin = await cluster.start("origin");
	const regional = await cluster.start("regional");
	await regional.line(linkTo(origin));
	const key = ["--auth-key", join(cluster.folder, "public.jwk"), ...TRUST];
	const target = ["--cluster-connect", `${urlOf(regional, "/").href}?cost=2`, "--cluster-token", token];
	await using connected = await startRelay(...key, ...target, "--cluster-tier", "backbone");
	await connected.line(linkTo(regional));
	const port = await freePort();
	const own = ["--server-bind", `127.0.0.1:${port}`, "--tls-generate", "127.0.0.1"];
	const mesh = ["--cluster-node", `https://127.0.0.1:${port}/`, "--cluster-mesh"];
	// A bare host and port, and the token itself instead of a file.
	const root = ["--cluster-root", urlOf(origin, "/").host, "--cluster-token", cluster.clusterToken];
	await using meshed = await startAs(...key, ...own, ...mesh, ...root);
	await meshed.line(({ event }) => event === "cluster.up");
	const jwt = await signToken(cluster.key, { root: "", publish: ["demo"], subscribe: ["demo"], cluster: false });
	const clients = await Promise.all(
		[origin, regional, connected, meshed].map((relay) => connect(urlOf(relay, `/demo?jwt=${jwt}`))),
	);
	for (const [at, from] of clients.entries()) {
		await crosses(
			from,
			`from-${at}`,
			clients.filter((one) => one !== from),
		);
	}
	const text = await metrics(connected);
	assert.match(text, /^moq_relay_sessions_opened_total\{tier="backbone"\} 1$/m);
	assert.match(text, /^moq_relay_bytes_total\{tier="backbone",role="publisher"\} [1-9]/m);
	const outputs = await Promise.all(
		[origin, regional, connected, meshed].map(async (relay) => {
			const pages = ["/metrics", "/nodes", "/sessions"].map((path) => fetch(relay.internalUrl(path)));
			return [relay.log, await Promise.all((await Promise.all(pages)).map((page) => page.text()))];
		}),
	);
	assert.doesNotMatch(JSON.stringify(outputs), /eyJ/);
	for (const client of clients) client.session.close(0, "");
});

test("Cluster with several parents: all are dialled, one is used, and the loss of that one costs no group", async () => {
	await using origin = await startRelay(...OPEN);
	const upstream = ["--cluster-connect", urlOf(origin, "/").href];
	const parents = [await startRelay(...OPEN, ...TRUST, ...upstream), await startRelay(...OPEN, ...TRUST, ...upstream)];
	try {
		for (const parent of parents) await parent.line(linkTo(origin));
		const both = parents.flatMap((parent) => ["--cluster-connect", urlOf(parent, "/").href]);
		await using edge = await startRelay(...OPEN, ...TRUST, ...both);
		for (const parent of parents) await edge.line(linkTo(parent));
		const publisher = await connect(origin.url("/demo"));
		const viewer = await connect(edge.url("/demo"));
		const track = publish(publisher, "cam", "video");
		const view = new Viewer(await announced(viewer, "cam"), "video");
		writeGroup(track, [new Uint8Array(1000)]);
		await view.until(1);
		const isFeeding = ({ relay }: StartedRelay): boolean => {
			return [...relay.sessions.values()].some(({ session }) => session.counters.groupsReceived > 0);
		};
		assert.equal(parents.filter(isFeeding).length, 1, "one copy");
		const [used] = parents.filter(isFeeding);
		assert.ok(used !== undefined);
		parents.splice(parents.indexOf(used), 1);
		await used[Symbol.asyncDispose]();
		writeGroup(track, [new Uint8Array(1000)]);
		const groups = await view.until(2);
		assert.deepEqual(
			groups.map(({ sequence, aborted }) => [sequence, aborted]),
			[
				[0, undefined],
				[1, undefined],
			],
		);
		assert.deepEqual(view.errors, []);
		// The change may be told a little later than it is made.
		const changes = Number(/^moq_cluster_route_changes_total (\d+)$/m.exec(await metrics(edge))?.[1]);
		assert.ok(changes <= 1, `${changes} changes of one loss`);
		for (const client of [publisher, viewer]) client.session.close(0, "");
	} finally {
		for (const parent of parents) await parent[Symbol.asyncDispose]();
	}
});

test("Cluster shows no credentials, wherever a URL has them", async () => {
	await using cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	const jwt = cluster.clusterToken;
	const port = await freePort();
	const node = `https://user:hunter2@127.0.0.1:${port}/?jwt=${jwt}`;
	const own = ["--server-bind", `127.0.0.1:${port}`, "--tls-generate", "127.0.0.1", "--log-level", "debug"];
	const dead = `https://user:hunter2@127.0.0.1:1/?jwt=${jwt}`;
	const list = join(folder, "secret-list.json");
	await writeFile(list, JSON.stringify([dead]));
	const links = ["--cluster-root", `${urlOf(origin, "/").href}?jwt=${jwt}`, "--cluster-connect-api", list];
	const key = ["--auth-key", join(cluster.folder, "public.jwk"), ...TRUST];
	await using relay = await startAs(...key, ...own, ...links, "--cluster-node", node, "--cluster-mesh");
	await relay.line(linkTo(origin));
	await relay.line(({ event, peer }) => event === "cluster.down" && String(peer).includes(":1/"));
	await origin.line(({ event }) => event === "cluster.joined");
	const names = [origin, relay].flatMap((one) => one.relay.origin.active("").map(({ path }) => path));
	assert.ok(names.length > 4, names.join());
	const pages = [origin, relay].flatMap((one) => {
		return ["/metrics", "/nodes", "/sessions"].map(async (path) => (await fetch(one.internalUrl(path))).text());
	});
	const all = JSON.stringify([names, await Promise.all(pages), origin.log, relay.log]);
	assert.doesNotMatch(all, /eyJ|hunter2/);
});

test("Cluster takes no relay for one that is named in clear, or by no URL of its own", async () => {
	await using cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	const regional = await cluster.start("regional");
	await regional.line(linkTo(origin));
	const rogue = await connect(urlOf(origin, `/?jwt=${cluster.clusterToken}`));
	const place = (node: string): string =>
		`.internal/tree/${encodeURIComponent(node)}/regional/${encodeURIComponent(urlOf(origin, "/").href)}`;
	for (const node of ["http://127.0.0.1:1/", "https://127.0.0.1:1/?jwt=x", "file:///etc/passwd"]) {
		publish(rogue, place(node), "x");
	}
	publish(rogue, "demo/seen", "video");
	const edge = await cluster.start("edge");
	await edge.line(({ event }) => event === "cluster.parent");
	await edge.line(linkTo(regional));
	assert.doesNotMatch(JSON.stringify(edge.log), /127\.0\.0\.1:1\/|passwd/);
	rogue.session.close(0, "");
});
