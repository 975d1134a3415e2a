/**
 * The Rust relay as origin, in the middle and as edge of a cluster with tokens, in both forms of the configuration.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { lastingPort } from "../processes/lasting-port.ts";
import { plainNode } from "../processes/plain-node.ts";
import type { RelayNode } from "../processes/relay-node.ts";
import { eventually } from "./eventually.ts";
import { type AnyRelay, type Client, Studio } from "./media-crossing.ts";
import { ownToken } from "./own.ts";
import { ReferenceRelay } from "./reference.ts";

const RUST: Client = { kind: "rust", scheme: "https" };
const OURS: Client = { kind: "ours", transport: "quic" };

/** A relay of either make, as crossings want it. */
interface Place extends AnyRelay {
	readonly url: string;
	stop(): Promise<unknown>;
}

describe("clusters with the Rust relay in any place, and tokens", () => {
	let folder: string;
	let studio: Studio;
	let key: string;
	let tokens: { readonly relay: string; readonly publish: string; readonly watch: string };
	before(() => {
		folder = mkdtempSync(join(tmpdir(), "moq-tree-interop-"));
		studio = new Studio();
		const secret = join(folder, "secret.jwk");
		key = join(folder, "public.jwk");
		ownToken(["generate", "--algorithm", "ES256", "--out", secret, "--public", key]);
		const sign = (...claims: string[]): string => ownToken(["sign", "--key", secret, ...claims]).trim();
		tokens = {
			relay: sign("--root", "", "--publish", "", "--subscribe", "", "--cluster"),
			publish: sign("--root", "", "--publish", "room"),
			watch: sign("--root", "", "--subscribe", "room"),
		};
	});
	after(() => {
		rmSync(folder, { recursive: true });
		studio[Symbol.dispose]();
	});

	/** Everybody needs a token; `links` are dialled with the cluster's. */
	async function ours(
		stack: AsyncDisposableStack,
		flags: readonly string[],
		links: readonly string[] = [],
	): Promise<Place & { readonly node: RelayNode }> {
		const dialled = links.map((url) => `${url}?jwt=${tokens.relay}`);
		const node = stack.use(await plainNode("ours", dialled, { flags: ["--auth-key", key, ...flags] }));
		await node.start();
		const { port } = node.plan;
		return { node, port, log: node.log, url: `https://localhost:${port}/`, stop: () => node.stop("SIGKILL") };
	}

	async function rust(
		stack: AsyncDisposableStack,
		flags: readonly string[],
		links: readonly string[] = [],
	): Promise<Place> {
		const dialled = links.flatMap((url) => ["--cluster-connect", `${url}?jwt=${tokens.relay}`]);
		const relay = stack.use(await ReferenceRelay.start(["--auth-key", key, ...dialled, ...flags]));
		const { port, log } = relay;
		return { port, log, url: `https://localhost:${port}/`, stop: () => relay[Symbol.asyncDispose]() };
	}

	/** Publish with either client at one relay, and watch with both at the others. */
	async function cross(t: TestContext, from: AnyRelay, to: readonly AnyRelay[]): Promise<void> {
		for (const client of [RUST, OURS]) {
			const publisher = { client, relay: from, path: `/room?jwt=${tokens.publish}` };
			const viewers = to.flatMap((relay) => {
				return [RUST, OURS].map((viewer) => ({ client: viewer, relay, path: `/room?jwt=${tokens.watch}` }));
			});
			const got = await studio.cross({ publisher, viewers, clip: studio.clip });
			for (const line of got) t.diagnostic(`${client.kind} publishes: ${line}`);
		}
	}

	function parentOf(node: RelayNode): Promise<string | undefined> {
		return node.nodes().then((nodes) => nodes.find((one) => one.node === node.url)?.parent);
	}

	/** Our relays find their places under whatever is at `root`. */
	async function joined(node: RelayNode, parent: string): Promise<void> {
		await eventually(async () => {
			assert.equal(await parentOf(node), parent, node.log.slice(-6).join("\n"));
			assert.equal(await node.metric("moq_cluster_peers"), 2);
		}, JOIN_MS);
	}

	async function joining(
		stack: AsyncDisposableStack,
		root: string,
		role: string,
	): Promise<Place & { readonly node: RelayNode }> {
		const flags = ["--auth-key", key, "--cluster-role", role, "--cluster-root", `${root}?jwt=${tokens.relay}`];
		const node = stack.use(await plainNode("ours", [], { flags }));
		await node.start();
		const { port } = node.plan;
		return { node, port, log: node.log, url: `https://localhost:${port}/`, stop: () => node.stop("SIGKILL") };
	}

	test("the Rust relay is the root of our tree, in the older form; a Rust edge hangs below", async (t) => {
		await using stack = new AsyncDisposableStack();
		const origin = await rust(stack, []);
		const regional = await joining(stack, origin.url, "regional");
		await joined(regional.node, origin.url);
		const edge = await joining(stack, origin.url, "edge");
		await joined(edge.node, regional.node.url);
		const last = await rust(stack, [], [edge.url]);
		await cross(t, origin, [edge, last]);
		await cross(t, last, [origin]);
	});

	test("the Rust relay is in the middle, by links and by gossip; our origin and edge are not linked", async (t) => {
		await using stack = new AsyncDisposableStack();
		const origin = await ours(stack, []);
		const middle = await rust(stack, [], [origin.url]);
		const edge = await ours(stack, [], [middle.url]);
		await eventually(async () => assert.equal(await edge.node.metric("moq_cluster_peers"), 1));
		await cross(t, origin, [edge, middle]);
		await cross(t, edge, [origin]);
	});

	test("the Rust relay is the edge of our tree; its regional dies, and the other link takes over", async (t) => {
		await using stack = new AsyncDisposableStack();
		const seat = { port: await lastingPort(), internalPort: await lastingPort() };
		const self = `https://127.0.0.1:${seat.port}/`;
		const flags = ["--auth-key", key, "--cluster-root", self];
		const root = stack.use(await plainNode("root", [], { flags, seat }));
		await root.start();
		const origin: AnyRelay = { port: seat.port, log: root.log };
		const regionals = [await joining(stack, self, "regional"), await joining(stack, self, "regional")] as const;
		for (const regional of regionals) await joined(regional.node, self);
		const edge = await rust(
			stack,
			[],
			regionals.map(({ url }) => url),
		);
		await cross(t, origin, [edge]);
		await regionals[0].stop();
		await cross(t, origin, [edge]);
		await cross(t, edge, [regionals[1]]);
	});

	test("the Rust relay gossips with ours: each finds the other by names alone", async (t) => {
		await using stack = new AsyncDisposableStack();
		const hub = await rust(stack, []);
		const file = join(folder, "relay.jwt");
		writeFileSync(file, tokens.relay, { mode: 0o600 });
		const gossip = async (): Promise<RelayNode> => {
			const seat = { port: await lastingPort(), internalPort: await lastingPort() };
			const named = ["--cluster-node", `https://localhost:${seat.port}/`, "--cluster-mesh", "--cluster-token", file];
			const node = stack.use(await plainNode("ours", [hub.url], { flags: ["--auth-key", key, ...named], seat }));
			await node.start();
			return node;
		};
		const [one, other] = [await gossip(), await gossip()];
		// Of a pair the one with the smaller URL dials.
		await eventually(async () => {
			const counts = await Promise.all([one, other].map((node) => node.metric("moq_cluster_peers")));
			assert.equal(
				counts.reduce((sum, count) => sum + count, 0),
				3,
				[...one.log.slice(-4), ...other.log.slice(-4)].join("\n"),
			);
		}, JOIN_MS);
		await hub.stop();
		await cross(t, { port: one.plan.port, log: one.log }, [{ port: other.plan.port, log: other.log }]);
	});

	test("without a token nobody watches, and no relay is linked", async () => {
		await using stack = new AsyncDisposableStack();
		const origin = await rust(stack, []);
		const node = stack.use(await plainNode("ours", [origin.url], { flags: ["--auth-key", key] }));
		await node.start();
		await eventually(() => assert.ok(node.log.some((line) => line.includes('"cluster.down"'))));
		assert.equal(await node.metric("moq_cluster_peers"), 0);
	});
});

/** Relays look for a parent at their own pace, in ms; a hang, not a speed. */
const JOIN_MS = 30_000;
