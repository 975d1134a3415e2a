/** The production guide's three files, with only hosts, ports and paths changed, form its cluster. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Engine } from "@moq-relay/engine";
import { signToken } from "@moq-relay/token";
import { GuideCluster } from "../testing/guide-cluster.ts";
import { type StartedRelay, startRelay } from "../testing/started-relay.ts";
import { announced, connect, publish, type TestClient, Viewer, writeGroup } from "../testing/test-client.ts";

const loaded = Engine.load();
if ("missing" in loaded) throw new Error(loaded.missing);
const engine: Engine = loaded;
after(() => engine.close());

/** `https:` URL of a relay, whose QUIC and TLS share a port. */
function urlOf(relay: StartedRelay, path: string, scheme = "https"): URL {
	return new URL(`${scheme}://127.0.0.1:${relay.relay.addresses.quic[0]?.port}${path}`);
}

function nodeOf(relay: StartedRelay): string {
	return urlOf(relay, "/").href;
}

/** Resolves when a link to that parent stands. */
function under(relay: StartedRelay, parent: StartedRelay): Promise<unknown> {
	const peer = nodeOf(parent);
	return relay.line((line) => line.event === "cluster.up" && line["link"] === "parent" && line["peer"] === peer);
}

/** A new group of `from` at `path` is seen whole by all viewers. */
async function crosses(from: TestClient, path: string, viewers: readonly TestClient[]): Promise<void> {
	const track = publish(from, path, "video");
	const views = await Promise.all(viewers.map(async (one) => new Viewer(await announced(one, path), "video")));
	writeGroup(track, [new Uint8Array(3000).fill(3)]);
	for (const view of views) {
		const [group] = await view.until(1);
		assert.deepEqual([group?.aborted, group?.frames[0]?.payload.length], [undefined, 3000]);
	}
}

/** Only relays see who is there, on any door. */
async function checkHidden(edge: StartedRelay, jwt: string): Promise<void> {
	assert.ok(edge.relay.origin.active(".internal").length > 0, "there is something to hide");
	const plain = edge.relay.addresses.web.find((door) => !door.tls)?.port;
	for (const path of ["internal", ".internal", "internal/origins", ".internal/tree"]) {
		const response = await fetch(`http://127.0.0.1:${plain}/announced/${path}?jwt=${jwt}`);
		assert.deepEqual([response.status, await response.text()], [200, ""], path);
		for (const options of [{}, { engine, webSocket: { enabled: false } }]) {
			const person = await connect(urlOf(edge, `/${path}?jwt=${jwt}`), options);
			await crosses(person, "mine", []);
			assert.deepEqual(
				person.origin.active("").map((shown) => shown.path),
				["mine"],
				path,
			);
			person.session.close(0, "");
		}
	}
}

test("Relay forms the guide's cluster from its files: publish and watch anywhere, names of relays hidden", async () => {
	await using cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	await origin.line(({ event }) => event === "cluster.root");
	const regional = await cluster.start("regional");
	await under(regional, origin);
	const plain = ["--web-http-listen", "127.0.0.1:0"];
	const [one, other] = await Promise.all([cluster.start("edge", undefined, ...plain), cluster.start("edge")]);
	await Promise.all([under(one, regional), under(other, regional)]);
	const publisher = await connect(urlOf(origin, `/demo?jwt=${await cluster.token(["demo"], [])}`));
	const viewer = await connect(urlOf(one, "/demo"));
	const far = await connect(urlOf(other, "/demo"), { engine, webSocket: { enabled: false } });
	await crosses(publisher, "cam.hang", [viewer, far]);
	const atEdge = await connect(urlOf(one, `/demo?jwt=${await cluster.token(["demo"], ["demo"])}`));
	await crosses(atEdge, "talk.hang", [far]);
	const nodes = await Promise.all(
		[origin, one].map(async (relay) => (await fetch(relay.internalUrl("/nodes"))).text()),
	);
	assert.ok(nodes[0]?.includes(`"node":"${nodeOf(one)}"`), nodes[0]);
	assert.match(nodes[1] ?? "", /"parent":.*"direction":"out".*"rtt_ms"/);
	const logs = [origin, regional, one, other].map(({ log }) => log);
	assert.doesNotMatch(JSON.stringify([logs, nodes]), /eyJ/);
	await checkHidden(one, await cluster.token(["", "internal", ".internal"], ["", "internal", ".internal"]));
	for (const client of [publisher, viewer, far, atEdge]) client.session.close(0, "");
});

test("Relay lets nobody register without the claim cluster, whatever else is granted", async () => {
	await using cluster = await GuideCluster.create();
	const origin = await cluster.start("origin");
	const edge = await cluster.start("edge");
	const everything = await cluster.token([""], [""]);
	for (const [relay, jwt] of [
		[origin, `jwt=${everything}&`],
		[edge, ""],
		[edge, `jwt=${everything}&`],
	] as const) {
		const url = urlOf(relay, `/?${jwt}register=https%3A%2F%2Feu.example.com`);
		await assert.rejects(connect(url), /401|refused/);
		await assert.rejects(connect(url, { engine, webSocket: { enabled: false } }), /401|ended: 6/);
	}
	const claim = await signToken(cluster.key, { root: "", publish: [""], subscribe: [""], cluster: true });
	const joined = await connect(urlOf(origin, `/?jwt=${claim}&register=eu.example.com`));
	const names = (): string[] =>
		joined.origin
			.active("")
			.map(({ path }) => path)
			.toSorted();
	await announced(joined, "internal/origins/eu.example.com");
	await announced(joined, ".internal/origins/https:/eu.example.com");
	joined.session.close(0, "");
	await origin.line(({ event }) => event === "cluster.left");
	assert.deepEqual(
		origin.relay.origin.active("internal/origins").filter(({ path }) => path.includes("eu.")),
		[],
		names().join(),
	);
});

test("Relay with a root that is itself says that it is the root, and dials nobody", async () => {
	const self = "https://origin.example.com";
	await using relay = await startRelay("--auth-public", "", "--cluster-root", `${self}?jwt=x`, "--cluster-node", self);
	await relay.line(({ event }) => event === "cluster.root");
	assert.match(await (await fetch(relay.internalUrl("/metrics"))).text(), /^moq_cluster_peers 0$/m);
});
