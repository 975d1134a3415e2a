/**
 * Two tenants on one relay: neither a name nor a byte of one reaches the other, by whatever door and spelling.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { encodeAnnounceOk } from "@moq-relay/wire";
import { RelayProcess } from "../relay-process.ts";
import { announced, type Client, connect, publish, view } from "./client.ts";
import { DOORS, type Door, type Intruder, interest, request } from "./doors.ts";
import { RawPeer } from "./raw-peer.ts";
import { announcement } from "./raw-publisher.ts";
import { RawSocket } from "./raw-socket.ts";
import { until } from "./until.ts";

/** What tenant a may never see: the name, and the content. */
const SECRET = /hidden|crown jewels/i;
const JEWELS = Buffer.from("crown jewels ".repeat(50));
const OWN = Buffer.from("garden gnomes ".repeat(50));

/** Ways to say "the other tenant", relative to the top, to tenant a, or to nothing. */
const PREFIXES = [
	"",
	".",
	"..",
	"../",
	"/",
	"//",
	"b",
	"/b",
	"//b",
	"../b",
	"/../b",
	"a/../b",
	"./../b",
	"..//b",
].concat(
	["B", "%2e%2e/b", "..%2fb", "%62", "b/", "a", "*", "internal", ".internal", "/internal/", "../internal", "..\\b"],
	["\u202eb", "\uff42", "b\u200b", "b/hidden", "../../../../b", "a/a/../../b"],
);
const NAMES = PREFIXES.map((prefix) => `${prefix}/hidden`.slice(0, 40));
const INTERNAL = ["internal/origins/x", ".internal/x", "/internal/x", "../internal/origins/x"];

/** Ways to dial what a token for `a` does not cover. */
const TARGETS = [
	"/b",
	"//b",
	"/a/../b",
	"/a/%2e%2e/b",
	"/%2e%2e/b",
	"/a/..%2fb",
	"/B",
	"/ab",
	"/A",
	"/",
	"",
	"/b/hidden",
];

describe("relay with two tenants", { timeout: 300_000 }, () => {
	let folder: string;
	let key: Key;
	let relay: RelayProcess;
	let tenants: readonly Client[];

	before(async () => {
		folder = await mkdtemp(join(tmpdir(), "moq-tenancy-"));
		key = await generateKey({ algorithm: "ES256" });
		const file = join(folder, "key.jwk");
		await writeFile(file, formatKey(key, "json"));
		const open = ["--limits-session-rate-per-ip", "0", "--limits-max-sessions-per-ip", "0"];
		const keys = ["--auth-key", file, "--auth-clock-tolerance", "0s"];
		relay = await RelayProcess.start([...keys, ...open]);
		tenants = [await tenant("a", "mine", OWN), await tenant("b", "hidden", JEWELS)];
		// Somebody watches, so that what is hidden is in the cache.
		const viewer = await connect(await dialled("b"));
		const viewing = view(await announced(viewer, "hidden"), "video");
		await until(
			() => viewing.bytes() > 0,
			() => "tenant b does not see its own",
		);
	});

	after(async () => {
		for (const { session } of tenants ?? []) session.close(0, "");
		const code = await relay?.stop();
		await rm(folder, { recursive: true });
		assert.equal(code, 0);
	});

	for (const door of DOORS) {
		test(`relay shows tenant a nothing of tenant b over ${door.name}, whatever it asks for`, async () => {
			using intruder = await entered(door, `/a?jwt=${await token("a")}`);
			for (const prefix of PREFIXES) intruder.ask(interest(prefix));
			for (const [at, name] of [...NAMES, ...INTERNAL].entries()) {
				for (const kind of ["subscribe", "fetch", "track"] as const) intruder.ask(request(kind, name, at));
			}
			// Answered after all of these.
			intruder.ask(request("track", "mine"));
			intruder.ask(request("subscribe", "mine", 63));
			await until(
				() => intruder.heard().includes("garden gnomes"),
				() => "tenant a does not see its own",
			);
			assert.ok(intruder.heard().includes("mine"));
			assert.doesNotMatch(intruder.heard().toString("latin1"), SECRET);
			assert.equal(intruder.ended(), false);
		});

		test(`relay lets nobody with a token of tenant a into tenant b over ${door.name}`, async () => {
			const jwt = await token("a");
			for (const target of TARGETS) {
				using intruder = await door.open(relay.port, `${target}?jwt=${jwt}`);
				if (intruder === undefined) continue;
				for (const prefix of ["", "b"]) intruder.ask(interest(prefix));
				for (const name of ["hidden", "b/hidden"]) intruder.ask(request("subscribe", name, name.length));
				// A path that only looks like another one may be let in, as a tenant of nothing.
				await until(
					() => intruder.ended() || intruder.heard().length > 0,
					() => `${target}: no answer`,
				);
				assert.doesNotMatch(intruder.heard().toString("latin1"), SECRET, target);
			}
		});

		test(`relay lets nobody in with a token that is over, over ${door.name}`, async () => {
			for (const jwt of [await token("b", -5), `${await token("b")}x`, "", "a.b.c"]) {
				using intruder = await door.open(relay.port, `/b?jwt=${jwt}`);
				await until(
					() => intruder === undefined || intruder.ended(),
					() => "it stays",
				);
				assert.doesNotMatch(intruder?.heard().toString("latin1") ?? "", SECRET);
			}
		});

		test(`relay ends a session over ${door.name} when its token is over`, async () => {
			using intruder = await entered(door, `/b?jwt=${await token("b", 2)}`);
			await until(
				() => intruder.ended(),
				() => "it stays",
			);
		});
	}

	test("relay answers nothing of tenant b over HTTP to tenant a", async () => {
		const jwt = await token("a");
		const own = await ask(`/fetch/a/mine/video?jwt=${jwt}`);
		assert.match(own, /^200 garden gnomes/);
		assert.equal(await ask(`/announced/a?jwt=${jwt}`), "200 mine");
		const prefixes = [...PREFIXES, ...PREFIXES.map((name) => `a/${name}`)].map((name) => encodeURI(name));
		// What a tenant may ask for and nobody has is waited for, up to half a minute: that is long enough to know.
		const enough = Promise.withResolvers<void>();
		const pending = prefixes.map((prefix) => ask(`/fetch/${prefix}/hidden/video?jwt=${jwt}`, enough.promise));
		for (const prefix of prefixes) {
			for (const query of ["", `?jwt=${jwt}`]) {
				assert.doesNotMatch(await ask(`/announced/${prefix}${query}`), SECRET, prefix);
			}
			assert.match(await ask(`/fetch/${prefix}/hidden/video`), /^40[014]/, prefix);
		}
		enough.resolve();
		for (const answer of await Promise.all(pending)) assert.doesNotMatch(answer, SECRET);
		for (const target of TARGETS) assert.doesNotMatch(await ask(`/announced${target}?jwt=${jwt}`), SECRET, target);
		assert.match(await ask(`/announced/b?jwt=${await token("b", -5)}`), /^401/);
		assert.match(await ask(`/announced/b?jwt=${await token("b")}`), /^200 hidden/);
	});

	test("relay takes no name from tenant a that tenant b or the cluster would see", async () => {
		using peer = await RawPeer.open(relay.port, { path: `/a?jwt=${await token("a")}` });
		peer.setUp();
		const stream = await peer.interest();
		stream.send?.write(encodeAnnounceOk({ origin: 99, active: 0 }));
		for (const prefix of ["../b", "b", "/b", "//b", "..", "%2e%2e/b", "internal", ".internal", "../internal"]) {
			stream.send?.write(announcement("active", `${prefix}/evil`));
		}
		stream.send?.write(announcement("active", "last"));
		const all = `/announced?jwt=${await signToken(key, { root: "", publish: [], subscribe: [""] })}`;
		let seen = "";
		await until(
			async () => {
				seen = await ask(all);
				return seen.includes("a/last");
			},
			() => `the last name is not announced: ${seen}, ${peer.end?.reason}`,
		);
		const lines = seen.split(/\s/).filter((name) => name.endsWith("evil"));
		assert.ok(lines.every((name) => name.startsWith("a/")));
		assert.doesNotMatch(await ask(`/announced/b?jwt=${await token("b")}`), /evil/);
	});
	async function token(root: string, seconds = 3600): Promise<string> {
		const expires = Math.floor(Date.now() / 1000) + seconds;
		return signToken(key, { root, publish: [""], subscribe: [""], expires });
	}

	async function dialled(root: string): Promise<URL> {
		return relay.url(`/${root}?jwt=${await token(root)}`);
	}

	async function tenant(root: string, name: string, payload: Uint8Array): Promise<Client> {
		const client = await connect(await dialled(root));
		const group = publish(client, name, "video").group();
		group.frame({ timestamp: 0, payload });
		group.finish();
		return client;
	}

	async function entered(door: Door, target: string): Promise<Intruder> {
		const intruder = await door.open(relay.port, target);
		assert.ok(intruder !== undefined, "turned away");
		return intruder;
	}

	/** Status and body; what has come of it once `enough` is over. Not a client that tidies paths. */
	async function ask(target: string, enough?: Promise<void>): Promise<string> {
		using socket = await RawSocket.open(relay.port);
		await socket.send(`GET ${target} HTTP/1.0\r\n\r\n`);
		await Promise.race([socket.whenClosed(), ...(enough === undefined ? [] : [enough])]);
		const [head = "", ...body] = socket.text.split("\r\n\r\n");
		return `${head.slice(9, 12)} ${body.join("")}`;
	}
});
