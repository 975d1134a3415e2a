/**
 * Keys and tokens against npm @moq/token, both ways.
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ALGORITHMS, formatKey, generateKey, parseKey, signToken, TokenError, verifyToken } from "@moq-relay/token";
import fc from "fast-check";

interface PeerClaims {
	readonly root: string;
	readonly put?: string | string[];
	readonly get?: string | string[];
	readonly exp?: number;
}

/** The part of @moq/token that is used here. */
interface PeerToken {
	generate(algorithm: string, id?: string): Promise<object>;
	load(text: string): object;
	loadPublic(text: string): object;
	sign(key: object, claims: PeerClaims): Promise<string>;
	verify(key: object, token: string, path: string): Promise<PeerClaims>;
}

const peers = createRequire(new URL("../peers/package.json", import.meta.url));
const peerEntry = peers.resolve("@moq/token");
const peer = (await import(pathToFileURL(peerEntry).href)) as PeerToken;

const nowMs = Date.now();
const inAnHour = Math.floor(nowMs / 1000) + 3600;
const RUNS = 12;

const segment = fc.stringMatching(/^[A-Za-z0-9_.-]{1,8}$/).filter((name) => name !== "." && name !== "..");
const path = fc.array(segment, { maxLength: 3 }).map((segments) => segments.join("/"));
const someClaims = fc.record({
	root: path,
	put: fc.uniqueArray(path, { minLength: 1, maxLength: 4 }),
	get: fc.oneof(fc.uniqueArray(path, { maxLength: 4 }), path),
});
const listOf = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());

for (const algorithm of ALGORITHMS) {
	test(`verifyToken() believes what @moq/token signs with ${algorithm}`, async () => {
		const made = JSON.stringify(await peer.generate(algorithm));
		const ours = parseKey(made);
		const half = ours.symmetric ? ours : parseKey(formatKey(ours.toPublic(), "json"));
		await fc.assert(
			fc.asyncProperty(someClaims, async (claims) => {
				const token = await peer.sign(peer.load(made), { ...claims, exp: inAnHour });
				const { claims: read } = await verifyToken(token, half, { nowMs });
				assert.deepEqual([read.root, read.publish, read.subscribe], [claims.root, claims.put, listOf(claims.get)]);
				assert.equal(read.expires, inAnHour);
			}),
			{ numRuns: RUNS },
		);
	});

	test(`@moq/token believes what signToken() makes with ${algorithm}`, async () => {
		const key = await generateKey({ algorithm });
		const theirs = key.symmetric
			? peer.load(formatKey(key, "base64url"))
			: peer.loadPublic(formatKey(key.toPublic(), "json"));
		await fc.assert(
			fc.asyncProperty(someClaims, async ({ root, put, get }) => {
				const subscribe = listOf(get);
				const token = await signToken(key, { root, publish: put, subscribe, expires: inAnHour });
				const read = await peer.verify(theirs, token, root);
				assert.deepEqual([read.root, read.put, listOf(read.get), read.exp], [root, put, subscribe, inAnHour]);
			}),
			{ numRuns: RUNS },
		);
	});
}

test("verifyToken() and @moq/token both refuse another key and a token that is over", async () => {
	const made = JSON.stringify(await peer.generate("ES256"));
	const other = JSON.stringify(await peer.generate("ES256"));
	const token = await peer.sign(peer.load(made), { root: "demo", put: "a", exp: inAnHour });
	await assert.rejects(verifyToken(token, parseKey(other), { nowMs }), TokenError);
	await assert.rejects(peer.verify(peer.load(other), token, "demo"));
	const over = await signToken(parseKey(made), { root: "demo", publish: ["a"], expires: 1 });
	await assert.rejects(verifyToken(over, parseKey(made), { nowMs }), { reason: "expired" });
	await assert.rejects(peer.verify(peer.load(made), over, "demo"));
});

test("moq-token and the command of @moq/token read each other's files", () => {
	const folder = mkdtempSync(join(tmpdir(), "moq-token-peer-"));
	const source = fileURLToPath(new URL("../../packages/token/src/main.ts", import.meta.url));
	const commands = { ours: source, theirs: join(peerEntry, "..", "cli.js") };
	const run = (who: keyof typeof commands, args: string[], input = ""): string => {
		const options = { input, encoding: "utf8", cwd: folder } as const;
		const result = spawnSync(process.execPath, ["-C", "source", commands[who], ...args], options);
		assert.equal(result.status, 0, `${who} ${args.join(" ")}: ${result.stderr}`);
		return result.stdout;
	};
	try {
		for (const [maker, user] of [
			["ours", "theirs"],
			["theirs", "ours"],
		] as const) {
			run(maker, ["generate", "--key", "key.jwk", "--algorithm", "EdDSA", "--public", "half.jwk"]);
			const sign = ["sign", "--key", "key.jwk", "--root", "demo", "--publish", "a", "b", "--subscribe", "c"];
			const token = run(user, sign);
			const verify = ["verify", "--key", "half.jwk", "--root", "demo"];
			const read = JSON.parse(run(maker, verify, token)) as PeerClaims;
			assert.deepEqual([read.root, read.put, read.get], ["demo", ["a", "b"], ["c"]]);
			assert.doesNotMatch(readFileSync(join(folder, "half.jwk"), "utf8"), /"d"/);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});
