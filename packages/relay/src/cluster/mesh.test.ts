/** The current spelling: gossip, lists, tokens in files, and the older name of a link. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatKey, generateKey, signToken } from "@moq-relay/token";
import { freePort } from "../testing/guide-cluster.ts";
import { type StartedRelay, startAs, startRelay } from "../testing/started-relay.ts";

const folder = await mkdtemp(join(tmpdir(), "moq-mesh-"));
after(() => rm(folder, { recursive: true }));
const key = await generateKey({ algorithm: "HS256" });
await writeFile(join(folder, "key.jwk"), formatKey(key, "json"));
const TRUST = ["--client-tls-disable-verify=true", "--auth-key", join(folder, "key.jwk")];

/** A token file whose token ends in so many seconds. */
async function tokenFile(name: string, seconds: number): Promise<string> {
	const expires = Math.floor(Date.now() / 1000) + seconds;
	const claims = { root: "", publish: [""], subscribe: [""], cluster: true, expires };
	const file = join(folder, name);
	await writeFile(file, await signToken(key, claims));
	return file;
}

function linkTo(peer: string) {
	return ({ event, peer: shown }: { event: string; peer?: unknown }): boolean => {
		return event === "cluster.up" && shown === peer;
	};
}

function outgoing({ relay }: StartedRelay): readonly (string | undefined)[] {
	return [...relay.sessions.values()].flatMap(({ start }) => (start.direction === "out" ? [start.peer] : []));
}

test("Mesh links every pair once: the smaller URL dials", async () => {
	const token = await tokenFile("mesh.jwt", 3600);
	const urls = (await Promise.all([freePort(), freePort(), freePort()])).map((port) => `https://127.0.0.1:${port}/`);
	const [first = "", second = "", last = ""] = urls.toSorted();
	const start = (node: string, ...flags: readonly string[]): Promise<StartedRelay> => {
		const bind = new URL(node).host;
		const mesh = ["--cluster-node", node, "--cluster-mesh=true", "--cluster-token", token];
		return startAs(...TRUST, "--server-bind", bind, "--tls-generate", "127.0.0.1", ...mesh, ...flags);
	};
	await using seed = await start(last);
	await using one = await start(first, "--cluster-connect", last);
	await using other = await start(second, "--cluster-connect", last);
	await Promise.all([one.line(linkTo(last)), other.line(linkTo(last)), one.line(linkTo(second))]);
	assert.deepEqual(new Set(outgoing(one)), new Set([second, last]));
	assert.equal(outgoing(one).length, 2);
	assert.deepEqual(outgoing(other), [last]);
	assert.deepEqual(outgoing(seed), []);
	const nodes = await (await fetch(seed.internalUrl("/nodes"))).text();
	for (const node of [first, second]) assert.ok(nodes.includes(`"node":"${node}"`), nodes);
});

test("PeerList in a file: links come and go with it, and a bad list changes nothing", async () => {
	await using one = await startRelay("--auth-public", "");
	await using other = await startRelay("--auth-public", "");
	const list = join(folder, "list.json");
	const [a, b] = [one.secureUrl("/").href, other.secureUrl("/").href];
	await writeFile(list, JSON.stringify([a]));
	await using edge = await startRelay("--auth-public", "", ...TRUST.slice(0, 1), "--cluster-connect-api", list);
	await edge.line(linkTo(a));
	await writeFile(list, '["https://a.example/?jwt=secret", 5]');
	const bad = await edge.line(({ event, level }) => event === "cluster.list" && level === "warn");
	assert.doesNotMatch(JSON.stringify(bad), /secret/);
	assert.deepEqual(outgoing(edge), [a]);
	await writeFile(list, JSON.stringify([`${b}?cost=3`]));
	await edge.line(linkTo(b));
	assert.deepEqual(outgoing(edge), [b]);
});

test("ClusterLink goes over to a newer token of its file without a gap, and shows when it ends", async () => {
	const file = await tokenFile("renewed.jwt", 4);
	await using origin = await startRelay(...TRUST);
	const link = ["--cluster-connect", origin.secureUrl("/").href, "--cluster-token", file];
	await using edge = await startRelay(...TRUST, ...link);
	await edge.line(({ event }) => event === "cluster.up");
	await edge.line(({ event, level }) => event === "cluster.token" && level === "warn");
	await tokenFile("renewed.jwt", 7200);
	const opened = (): number => edge.log.filter(({ event }) => event === "session.open").length;
	await edge.line(({ event }) => event === "session.close" && opened() === 2);
	assert.equal(
		edge.log.some(({ event }) => event === "cluster.down"),
		false,
	);
	const metrics = await (await fetch(edge.internalUrl("/metrics"))).text();
	const seconds = Number(/^moq_cluster_token_expiry_timestamp_seconds\{.*\} (\S+)$/m.exec(metrics)?.[1]);
	assert.ok(seconds > Date.now() / 1000 + 3600, `${seconds}`);
});

test("ClusterLink with a token that has ended is refused, and comes back with a new one", async () => {
	const file = await tokenFile("ended.jwt", -3600);
	await using origin = await startRelay(...TRUST);
	const link = ["--cluster-connect", origin.secureUrl("/").href, "--cluster-token", file];
	await using edge = await startRelay(...TRUST, ...link);
	const down = await edge.line(({ event }) => event === "cluster.down");
	assert.match(String(down["reason"]), /401|refused/);
	await origin.line(({ event, reason }) => event === "auth.fail" && reason === "expired");
	await tokenFile("ended.jwt", 3600);
	await edge.line(({ event }) => event === "cluster.up");
});
