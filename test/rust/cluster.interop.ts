/**
 * Our relay and the Rust relay as one cluster, whoever dials whom.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { eventually } from "./eventually.ts";
import { type AnyRelay, type Client, Studio, withLogs } from "./media-crossing.ts";
import { ReferenceRelay } from "./reference.ts";

const PUBLIC: readonly string[] = ["--auth-public", ""];
const SCHEMES: readonly string[] = ["https", "moqt", "ws"];
const RUST: Client = { kind: "rust", scheme: "https" };
const OURS: Client = { kind: "ours", transport: "quic" };

describe("our relay and the Rust relay in a cluster", () => {
	let studio: Studio;
	before(() => {
		studio = new Studio();
	});
	after(() => studio[Symbol.dispose]());

	/** Publish with either client at one relay and watch with both at the other, both ways. */
	async function crossBoth(t: TestContext, one: AnyRelay, other: AnyRelay): Promise<void> {
		for (const [at, from, to] of [
			["there", one, other],
			["and back", other, one],
		] as const) {
			for (const client of [RUST, OURS]) {
				const viewers = [RUST, OURS].map((viewer) => ({ client: viewer, relay: to }));
				const got = await studio.cross({ publisher: { client, relay: from }, viewers, clip: studio.clip });
				for (const line of got) t.diagnostic(`${at}, ${client.kind} publishes: ${line}`);
			}
		}
	}

	for (const scheme of SCHEMES) {
		test(`the Rust relay dials ours over ${scheme}`, async (t) => {
			await using stack = new AsyncDisposableStack();
			const ours = await startOurs(stack);
			const rust = await startRust(stack, [urlOf(scheme, ours)]);
			await untilLinked(ours, rust);
			await crossBoth(t, ours, rust);
		});

		test(`our relay dials the Rust one over ${scheme}`, async (t) => {
			await using stack = new AsyncDisposableStack();
			const rust = await startRust(stack, []);
			const ours = await startOurs(stack, urlOf(scheme, rust));
			await untilLinked(ours, rust);
			await crossBoth(t, ours, rust);
		});
	}

	for (const version of ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moq-lite-02", "moq-lite-01"]) {
		test(`our relay dials the Rust one with --client-version ${version}`, async (t) => {
			await using stack = new AsyncDisposableStack();
			const rust = await startRust(stack, []);
			const ours = await startOurs(stack, urlOf("https", rust), "--client-version", version);
			await untilLinked(ours, rust);
			const isUp = (line: string): boolean => line.includes('"cluster.up"') && line.includes(version);
			await eventually(() => assert.ok(ours.log.some(isUp), `the link is not up with ${version}`));
			await crossBoth(t, ours, rust);
		});
	}

	test("ours, the Rust one, ours: a broadcast passes through the chain both ways", async (t) => {
		await using stack = new AsyncDisposableStack();
		const first = await startOurs(stack);
		const rust = await startRust(stack, [urlOf("https", first)]);
		const last = await startOurs(stack, urlOf("https", rust));
		await untilLinked(first, rust);
		await untilLinked(last, rust);
		await crossBoth(t, first, last);
	});

	test("the Rust one, ours, the Rust one: a broadcast passes through the chain both ways", async (t) => {
		await using stack = new AsyncDisposableStack();
		const first = await startRust(stack, []);
		const ours = await startOurs(stack, urlOf("https", first));
		const last = await startRust(stack, [urlOf("https", ours)]);
		await untilLinked(ours, first);
		await crossBoth(t, first, last);
	});

	test("a ring of links delivers everything once", async (t) => {
		await using stack = new AsyncDisposableStack();
		const first = await startOurs(stack);
		const rust = await startRust(stack, [urlOf("https", first)]);
		const last = await startOurs(stack, `${urlOf("https", rust)},${urlOf("https", first)}`);
		await untilLinked(first, rust);
		await untilLinked(last, rust);
		await crossBoth(t, first, last);
		await crossBoth(t, rust, last);
	});

	test("nothing passes between relays that are not linked", async () => {
		await using stack = new AsyncDisposableStack();
		const ours = await startOurs(stack);
		const rust = await startRust(stack, []);
		const viewers = [{ client: RUST, relay: rust }];
		const crossing = studio.cross({
			publisher: { client: RUST, relay: ours },
			viewers,
			clip: studio.clip,
			deadlineMs: 1000,
		});
		await assert.rejects(crossing, /Command failed: ffprobe|no video packets/);
	});
});

async function startOurs(stack: AsyncDisposableStack, connect?: string, ...flags: string[]): Promise<RelayProcess> {
	const dials = connect === undefined ? [] : ["--cluster-connect", connect, "--client-tls-disable-verify"];
	const relay = await RelayProcess.start([...PUBLIC, ...dials, ...flags]);
	stack.defer(async () => void (await relay.stop()));
	return relay;
}

async function startRust(stack: AsyncDisposableStack, connect: readonly string[]): Promise<ReferenceRelay> {
	const dials = connect.flatMap((url) => ["--cluster-connect", url]);
	return stack.use(await ReferenceRelay.start([...PUBLIC, ...dials]));
}

function urlOf(scheme: string, { port }: AnyRelay): string {
	return `${scheme}://localhost:${port}/`;
}

/** Either has accepted the other, or both have. */
async function untilLinked(ours: RelayProcess, rust: ReferenceRelay): Promise<void> {
	try {
		await eventually(() => {
			assert.ok(
				ours.log.some((line) => /"cluster.up"|"session.open"/.test(line)),
				"the relays are not linked",
			);
		});
	} catch (error) {
		throw withLogs(error, [
			{ name: "ours", log: ours.log },
			{ name: "the Rust one", log: rust.log },
		]);
	}
}
