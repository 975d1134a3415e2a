import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { type Claims, formatKey, generateKey, type Key, parseKey, signToken } from "@moq-relay/token";
import fc from "fast-check";
import { parseCommandLine } from "../config/command-line.ts";
import { ConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import { type Log, openLog } from "../ops/log.ts";
import type { AuthOutcome, Authoriser, AuthRequest } from "./authoriser.ts";
import { openAuthoriser } from "./key-authoriser.ts";
import { KEY_ABSENT_MS, KEY_POLL_MS } from "./limits.ts";

const key = await generateKey({ algorithm: "ES256", id: "k1" });
const other = await generateKey({ algorithm: "ES256", id: "k2" });
const NOW_S = 1_800_000_000;

interface Scene extends AsyncDisposable {
	readonly authoriser: Authoriser;
	readonly clock: VirtualClock;
	readonly folder: string;
	readonly lines: Record<string, unknown>[];
	ask(path: string, more?: Partial<AuthRequest>): Promise<AuthOutcome>;
	put(name: string, content: Key | string): Promise<void>;
}

interface SceneOptions {
	/** Flags; `DIR` is the scene's folder. */
	readonly flags?: readonly string[];
	/** Files that exist at the start. */
	readonly files?: Readonly<Record<string, Key | string>>;
}

async function open({ flags = [], files = {} }: SceneOptions): Promise<Scene> {
	const folder = await mkdtemp(join(tmpdir(), "moq-auth-"));
	const put = async (name: string, content: Key | string): Promise<void> => {
		const text =
			typeof content === "string" ? content : formatKey(content.symmetric ? content : content.toPublic(), "json");
		const draft = join(folder, `.${name.replaceAll("/", "-")}`);
		await writeFile(draft, text, { mode: 0o600 });
		await rename(draft, join(folder, name));
	};
	const lines: Record<string, unknown>[] = [];
	const log = captureLog(lines);
	for (const [name, content] of Object.entries(files)) await put(name, content);
	const clock = new VirtualClock({ wallStartMs: NOW_S * 1000 });
	const line = parseCommandLine(["--tls-generate", "x", ...flags.map((flag) => flag.replace("DIR", folder))], {});
	assert.ok(line.command === "run");
	const { config } = loadConfig(line.sources);
	try {
		const authoriser = await openAuthoriser({ config: config.auth, timeoutMs: 1000, clock, log });
		const ask: Scene["ask"] = (path, more = {}) =>
			authoriser.authorise({ path, transport: "quic", remote: "192.0.2.1:5", ...more });
		const close = async (): Promise<void> => {
			authoriser[Symbol.dispose]();
			await rm(folder, { recursive: true });
		};
		return { authoriser, clock, folder, lines, ask, put, [Symbol.asyncDispose]: close };
	} catch (error) {
		await rm(folder, { recursive: true });
		throw error;
	}
}

function captureLog(lines: Record<string, unknown>[]): Log {
	const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
	return openLog({ level: "trace", format: "json", terminal: false, sink, nowMs: () => 0 });
}

const token = (claims: Partial<Claims>, by: Key = key): Promise<string> => signToken(by, claims);

/** The grant as `root publish subscribe cluster`, or the rejection as `status code reason`. */
function brief(outcome: AuthOutcome): unknown[] {
	if (!outcome.ok) return [outcome.rejection.httpStatus, outcome.rejection.code, outcome.rejection.reason];
	const { root, publish, subscribe, cluster } = outcome.grant;
	return [root, publish, subscribe, ...(cluster ? ["cluster"] : [])];
}

/** A generous limit for tests that wait for an event, so that a failure is no hang. */
const HANGS = { timeout: 30_000 };

const KEY_FILE: SceneOptions = { flags: ["--auth-key", "DIR/key.jwk"], files: { "key.jwk": key } };

test("Authoriser.authorise() grants what a token says at the path of the connection", async () => {
	await using scene = await open(KEY_FILE);
	const jwt = await token({ root: "demo", publish: ["alice"], subscribe: [""] });
	assert.deepEqual(brief(await scene.ask("/demo", { jwt })), ["demo", ["alice"], [""]]);
	assert.deepEqual(brief(await scene.ask("/demo/alice/", { jwt })), ["demo/alice", [""], [""]]);
	assert.deepEqual(brief(await scene.ask("/", { jwt })), ["", ["demo/alice"], ["demo"]]);
	assert.deepEqual(brief(await scene.ask("/other", { jwt })), [401, 6, "scope"]);
	assert.deepEqual(brief(await scene.ask("/demonstration", { jwt })), [401, 6, "scope"]);
	const some = await token({ root: "demo", publish: ["alice"] });
	assert.deepEqual(brief(await scene.ask("/demo/bob", { jwt: some })), [401, 6, "scope"]);
});

test("Authoriser.authorise() takes a token from the header where the query has none", async () => {
	await using scene = await open(KEY_FILE);
	const jwt = await token({ root: "a", publish: [""] });
	for (const authorization of [`Bearer ${jwt}`, `bearer  ${jwt} `]) {
		assert.deepEqual(brief(await scene.ask("/a", { authorization })), ["a", [""], []]);
		assert.deepEqual(brief(await scene.ask("/a", { authorization, jwt: "" })), ["a", [""], []]);
	}
	assert.deepEqual(brief(await scene.ask("/a", { authorization: `Bearer ${jwt}`, jwt: "no" })), [401, 6, "malformed"]);
	assert.deepEqual(brief(await scene.ask("/a", { authorization: `Basic ${jwt}` })), [401, 6, "missing"]);
});

test("Authoriser.authorise() refuses with the reason, the status, and a message without the token", async () => {
	await using scene = await open(KEY_FILE);
	const cases: [string | undefined, string][] = [
		[undefined, "missing"],
		["a.b.c", "malformed"],
		[await token({ publish: [""] }, other), "signature"],
		[await token({ publish: [""] }, await generateKey({ algorithm: "HS256" })), "alg"],
		[await token({ publish: [""], expires: NOW_S - 31 }), "expired"],
		[await token({ publish: [""], notBefore: NOW_S + 31 }), "not_yet"],
	];
	for (const [jwt, reason] of cases) {
		const outcome = await scene.ask("/demo", { jwt });
		assert.deepEqual(brief(outcome), [401, 6, reason]);
		const logged = scene.lines.at(-1);
		assert.deepEqual([logged?.["event"], logged?.["reason"], logged?.["remote"]], ["auth.fail", reason, "192.0.2.1:5"]);
		assert.ok(jwt === undefined || !JSON.stringify([outcome, scene.lines]).includes(jwt));
	}
});

test("Authoriser.authorise() refuses a path that is none", async () => {
	await using scene = await open({ flags: ["--auth-public", ""] });
	for (const path of ["/a\u0000b", "/a\nb", `/${"x".repeat(1025)}`, `/${"a/".repeat(33)}`, "/\ud800"]) {
		assert.deepEqual(brief(await scene.ask(path)), [400, 6, "malformed"], path.slice(0, 20));
	}
	assert.deepEqual(brief(await scene.ask("//a//b/")), ["a/b", [""], [""]]);
	// Nothing is decoded: an escaped slash separates nothing, for a token's root and for the grant alike.
	assert.deepEqual(brief(await scene.ask("/a%2fb")), ["a%2fb", [""], [""]]);
});

test("Authoriser.authorise() ends a grant when its token does, the tolerance included", async () => {
	await using scene = await open(KEY_FILE);
	const of = async (expires: number): Promise<number | undefined> => {
		const outcome = await scene.ask("/", { jwt: await token({ publish: ["a"], expires }) });
		assert.ok(outcome.ok);
		return outcome.grant.expiresAtMs;
	};
	assert.equal(await of(NOW_S + 60), (NOW_S + 90) * 1000);
	assert.equal(await of(NOW_S - 29), (NOW_S + 1) * 1000);
	const endless = await scene.ask("/", { jwt: await token({ publish: ["a"] }) });
	assert.ok(endless.ok && !("expiresAtMs" in endless.grant));
});

test("Authoriser.authorise() holds tokens to auth.max_lifetime", async () => {
	await using scene = await open({ ...KEY_FILE, flags: [...(KEY_FILE.flags ?? []), "--auth-max-lifetime", "24h"] });
	const day = { publish: [""], issued: NOW_S, expires: NOW_S + 86_400 };
	assert.equal((await scene.ask("/x", { jwt: await token(day) })).ok, true);
	assert.deepEqual(brief(await scene.ask("/x", { jwt: await token({ ...day, expires: NOW_S + 86_401 }) })), [
		401,
		6,
		"scope",
	]);
	assert.deepEqual(brief(await scene.ask("/x", { jwt: await token({ publish: [""] }) })), [401, 6, "malformed"]);
});

test("Authoriser.authorise() takes for a relay whoever says so or may do everything, and nobody who came without a token", async () => {
	await using scene = await open({ ...KEY_FILE, flags: [...(KEY_FILE.flags ?? []), "--auth-public", ""] });
	const everything = await token({ publish: [""], subscribe: [""] });
	assert.deepEqual(brief(await scene.ask("/", { jwt: everything })), ["", [""], [""], "cluster"]);
	assert.deepEqual(brief(await scene.ask("/demo", { jwt: everything })), ["demo", [""], [""]]);
	const claimed = await token({ root: "demo", publish: [""], cluster: true });
	assert.deepEqual(brief(await scene.ask("/demo", { jwt: claimed })), ["demo", [""], [], "cluster"]);
	assert.deepEqual(brief(await scene.ask("/")), ["", [""], [""]]);
});

test("Authoriser.authorise() grants a verified client certificate everything under the path", async () => {
	await using scene = await open(KEY_FILE);
	const peerCertificate = "ab".repeat(32);
	assert.deepEqual(brief(await scene.ask("/demo", { peerCertificate })), ["demo", [""], [""], "cluster"]);
});

test("Authoriser.authorise() without a token grants what is public, in both forms", async () => {
	await using both = await open({ flags: ["--auth-public", "demo"] });
	assert.deepEqual(brief(await both.ask("/demo")), ["demo", [""], [""]]);
	assert.deepEqual(brief(await both.ask("/demo/room")), ["demo/room", [""], [""]]);
	assert.deepEqual(brief(await both.ask("/")), ["", ["demo"], ["demo"]]);
	assert.deepEqual(brief(await both.ask("/demos")), [401, 6, "missing"]);
	await using view = await open({ flags: ["--auth-public-subscribe", "demo", "--auth-public-publish", "demo/me"] });
	assert.deepEqual(brief(await view.ask("/demo")), ["demo", ["me"], [""]]);
	assert.deepEqual(brief(await view.ask("/demo/room")), ["demo/room", [], [""]]);
});

test("Authoriser.authorise() refuses a bad token even where everything is public, and any token without keys", async () => {
	await using scene = await open({ ...KEY_FILE, flags: [...(KEY_FILE.flags ?? []), "--auth-public", ""] });
	assert.deepEqual(brief(await scene.ask("/", { jwt: await token({ publish: [""] }, other) })), [401, 6, "signature"]);
	await using keyless = await open({ flags: ["--auth-public", ""] });
	assert.deepEqual(brief(await keyless.ask("/", { jwt: await token({ publish: [""] }) })), [401, 6, "unknown_key"]);
});

test("Authoriser.authorise() equals the reference for random public prefixes and paths", async () => {
	const path = fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }).map((segments) => segments.join("/"));
	await using scene = await open({ flags: ["--auth-public", "a", "--auth-public", "b/a"] });
	const covered = (name: string): boolean => /^(a|b\/a)(\/|$)/.test(name);
	await fc.assert(
		fc.asyncProperty(path, path, async (at, below) => {
			const outcome = await scene.ask(`/${at}`);
			const full = [at, below].filter((part) => part !== "").join("/");
			const prefixes = outcome.ok ? outcome.grant.subscribe : [];
			const allowed = prefixes.some((prefix) => prefix === "" || below === prefix || below.startsWith(`${prefix}/`));
			assert.equal(allowed, covered(full));
		}),
		{ numRuns: 300 },
	);
});

test("Authoriser.authorise() reads a replaced key file for the next session, and keeps the old keys while it is broken", async () => {
	await using scene = await open(KEY_FILE);
	const [first, second] = [await token({ publish: [""] }), await token({ publish: [""] }, other)];
	await scene.put("key.jwk", other);
	assert.equal((await scene.ask("/x", { jwt: second })).ok, true);
	assert.deepEqual(brief(await scene.ask("/x", { jwt: first })), [401, 6, "signature"]);
	await scene.put("key.jwk", '{"kty":"EC","half');
	assert.equal((await scene.ask("/x", { jwt: second })).ok, true);
	const broken = scene.lines.filter((line) => line["event"] === "auth.keys_fail");
	assert.equal(broken.length, 1);
	assert.match(String(broken[0]?.["msg"]), /neither JSON nor base64url.*still count/);
	await scene.put("key.jwk", JSON.stringify({ keys: [key.toPublic().export(), other.toPublic().export()] }));
	for (const jwt of [first, second]) assert.equal((await scene.ask("/x", { jwt })).ok, true);
});

test("Authoriser.onKeysChanged() tells when a key is replaced, without any new session", HANGS, async () => {
	await using scene = await open(KEY_FILE);
	const jwt = await token({ publish: [""] });
	assert.equal((await scene.ask("/x", { jwt })).ok, true);
	const changed = Promise.withResolvers<void>();
	scene.authoriser.onKeysChanged(changed.resolve);
	await scene.put("key.jwk", other);
	scene.clock.run(scene.clock.nowMs() + KEY_POLL_MS);
	await changed.promise;
	const outcome = await scene.authoriser.review({ path: "/x", jwt, transport: "quic", remote: "" });
	assert.deepEqual(brief(outcome), [401, 6, "signature"]);
	assert.equal(scene.lines.filter((line) => line["event"] === "auth.fail").length, 0);
	assert.equal(scene.lines.filter((line) => line["event"] === "auth.keys").length, 1);
});

test("Authoriser.onKeysChanged() tells when a key file stays away, but not while it is being replaced", async () => {
	await using scene = await open(KEY_FILE);
	const jwt = await token({ publish: [""] });
	let changes = 0;
	scene.authoriser.onKeysChanged(() => changes++);
	await rm(join(scene.folder, "key.jwk"));
	assert.deepEqual(brief(await scene.ask("/x", { jwt })), [401, 6, "unknown_key"]);
	assert.equal(changes, 0);
	await scene.put("key.jwk", key);
	assert.equal((await scene.ask("/x", { jwt })).ok, true);
	await rm(join(scene.folder, "key.jwk"));
	await scene.ask("/x", { jwt });
	scene.clock.run(scene.clock.nowMs() + KEY_ABSENT_MS);
	await scene.ask("/x", { jwt });
	assert.equal(changes, 1);
	await scene.put("key.jwk", key);
	assert.equal((await scene.ask("/x", { jwt })).ok, true);
});

const KEY_DIR: SceneOptions = { flags: ["--auth-key-dir", "DIR"], files: { "k1.jwk": key } };

test("Authoriser.authorise() finds keys of a folder by id, added and removed while it runs", async () => {
	await using scene = await open(KEY_DIR);
	const [first, second] = [await token({ publish: [""] }), await token({ publish: [""] }, other)];
	assert.equal((await scene.ask("/x", { jwt: first })).ok, true);
	assert.deepEqual(brief(await scene.ask("/x", { jwt: second })), [401, 6, "unknown_key"]);
	await scene.put("k2.jwk", other);
	assert.equal((await scene.ask("/x", { jwt: second })).ok, true);
	await rm(join(scene.folder, "k1.jwk"));
	assert.deepEqual(brief(await scene.ask("/x", { jwt: first })), [401, 6, "unknown_key"]);
	assert.equal((await scene.ask("/x", { jwt: second })).ok, true);
	const nameless = await token({ publish: [""] }, await generateKey({ algorithm: "ES256" }).then(withoutId));
	assert.deepEqual(brief(await scene.ask("/x", { jwt: nameless })), [401, 6, "unknown_key"]);
});

function withoutId(made: Key): Key {
	const { kid: _, ...rest } = made.export();
	return parseKey(JSON.stringify(rest));
}

test("Authoriser.authorise() follows links within a key folder and none out of it", async () => {
	await using scene = await open(KEY_DIR);
	const outside = await mkdtemp(join(tmpdir(), "moq-auth-outside-"));
	try {
		await mkdir(join(scene.folder, "..data-1"));
		await scene.put("..data-1/k2.jwk", other);
		await symlink("..data-1", join(scene.folder, "..data"));
		await symlink("..data/k2.jwk", join(scene.folder, "k2.jwk"));
		assert.equal((await scene.ask("/x", { jwt: await token({ publish: [""] }, other) })).ok, true);
		const third = await generateKey({ algorithm: "ES256", id: "k3" });
		await writeFile(join(outside, "k3.jwk"), formatKey(third.toPublic(), "json"));
		await symlink(join(outside, "k3.jwk"), join(scene.folder, "k3.jwk"));
		assert.deepEqual(brief(await scene.ask("/x", { jwt: await token({ publish: [""] }, third) })), [
			401,
			6,
			"unknown_key",
		]);
	} finally {
		await rm(outside, { recursive: true });
	}
});

test("openAuthoriser() takes a folder and a key together, the folder first", async () => {
	await using scene = await open({
		flags: ["--auth-key-dir", "DIR", "--auth-key", "DIR/k2.jwk"],
		files: { "k1.jwk": key, "k2.jwk": other },
	});
	for (const by of [key, other])
		assert.equal((await scene.ask("/x", { jwt: await token({ publish: [""] }, by) })).ok, true);
	const unknown = await generateKey({ algorithm: "ES256", id: "k9" });
	assert.deepEqual(brief(await scene.ask("/x", { jwt: await token({ publish: [""] }, unknown) })), [
		401,
		6,
		"signature",
	]);
});

test("openAuthoriser() refuses a key file or folder that is absent or broken, naming it and the remedy", async () => {
	const refused = async (options: SceneOptions, expected: RegExp): Promise<void> => {
		await assert.rejects(open(options), (error) => {
			assert.ok(error instanceof ConfigError, String(error));
			assert.match(error.message, expected);
			return !/topsecret/.test(error.message);
		});
	};
	await refused(
		{ flags: ["--auth-key", "DIR/absent.jwk"] },
		/auth\.key = ".*absent\.jwk": there is no such key file; "moq-token generate"/,
	);
	await refused({ flags: ["--auth-key", "DIR/k"], files: { k: '{"k":"topsecret' } }, /neither JSON nor base64url/);
	await refused(
		{ flags: ["--auth-key", "DIR/k"], files: { k: `{"alg":"HS256","k":"${"A".repeat(20)}"}` } },
		/at least 32 bytes/,
	);
	await refused({ flags: ["--auth-key-dir", "DIR/absent"] }, /no such folder/);
	await refused({ flags: ["--auth-key-dir", "DIR/k"], files: { k: "" } }, /no such folder/);
	await refused({ flags: ["--auth-key", "DIR"] }, /cannot be read \(EISDIR\)/);
});

test("openAuthoriser() warns of private keys and of secrets that others can read", async () => {
	const whole = JSON.stringify(key.export());
	await using scene = await open({ flags: ["--auth-key", "DIR/key.jwk"], files: { "key.jwk": whole } });
	assert.equal((await scene.ask("/x", { jwt: await token({ publish: [""] }) })).ok, true);
	const messages = (): string => scene.lines.map((line) => String(line["msg"])).join("\n");
	assert.match(messages(), /holds a private key/);
	assert.doesNotMatch(messages(), /chmod/);
	await chmod(scene.folder, 0o755);
	await writeFile(join(scene.folder, "key.jwk"), `${whole}\n`);
	await chmod(join(scene.folder, "key.jwk"), 0o644);
	await scene.ask("/x", { jwt: await token({ publish: [""] }) });
	assert.match(messages(), /can be read by others; chmod 600/);
	const secret = String(key.export()["d"]);
	assert.ok(!JSON.stringify(scene.lines).includes(secret));
});
