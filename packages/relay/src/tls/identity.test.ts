import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Clock } from "@moq-relay/core";
import { ConfigError } from "../config/config-error.ts";
import { readIdentities } from "./identity.ts";
import { IdentityWatch } from "./identity-watch.ts";
import { THROW_AWAY_RENEW_MS } from "./limits.ts";
import { makeThrowAway } from "./throw-away.ts";

const folder = await mkdtemp(join(tmpdir(), "moq-identity-"));
after(() => rm(folder, { recursive: true }));
const nowMs = Date.now();

async function write(name: string, text: string): Promise<string> {
	const file = join(folder, name);
	await writeFile(file, text);
	return file;
}

async function pair(name: string, atMs: number = nowMs): Promise<{ cert: string; key: string; fingerprint: string }> {
	const made = await makeThrowAway([`${name}.test`], atMs);
	return {
		cert: await write(`${name}.pem`, made.chain),
		key: await write(`${name}.key`, made.key),
		fingerprint: made.fingerprint,
	};
}

/** A clock that stands still, and runs what is due by hand. */
function handClock(): Clock & { advance(ms: number): void } {
	let ms = 0;
	return {
		nowMs: () => ms,
		wallMs: () => nowMs + ms,
		after: () => () => {},
		random: () => 0.5,
		advance: (by) => {
			ms += by;
		},
	};
}

test("makeThrowAway() is back-dated, lives 13 days in all, and carries every name", async () => {
	const made = await makeThrowAway(["localhost", "127.0.0.1", "::1"], nowMs);
	assert.equal(made.notAfterMs - made.notBeforeMs, 13 * 24 * 3600 * 1000);
	assert.ok(made.notBeforeMs <= nowMs - 3_599_000);
	assert.deepEqual(made.names, ["localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"]);
	assert.match(made.fingerprint, /^[0-9a-f]{64}$/);
});

test("readIdentities() reads a pair", async () => {
	const a = await pair("a");
	const [identity] = await readIdentities({ cert: [a.cert], key: [a.key], setting: "server.tls" }, nowMs);
	assert.equal(identity?.fingerprint, a.fingerprint);
	assert.deepEqual(identity?.names, ["a.test"]);
});

test("readIdentities() names what is wrong in one line", async () => {
	const a = await pair("a");
	const b = await pair("b");
	const old = await pair("old", nowMs - 30 * 24 * 3600 * 1000);
	const junk = await write("junk.pem", "no PEM");
	const cases: [string[], string[], RegExp][] = [
		[[a.cert], [], /server\.tls\.key: 1 certificates but 0 keys/],
		[[join(folder, "none.pem")], [a.key], /server\.tls\.cert: .*none\.pem does not exist/],
		[[a.cert], [b.key], /server\.tls\.key: .*b\.key does not belong to the certificate in .*a\.pem/],
		[[junk], [a.key], /server\.tls\.cert: .*junk\.pem is not a PEM certificate/],
		[[a.cert], [junk], /server\.tls\.key: .*junk\.pem is not an unencrypted PEM private key/],
		[[old.cert], [old.key], /server\.tls\.cert: .*old\.pem expired on 20/],
	];
	for (const [cert, key, message] of cases) {
		await assert.rejects(readIdentities({ cert, key, setting: "server.tls" }, nowMs), (error) => {
			assert.ok(error instanceof ConfigError);
			assert.match(error.message, message);
			assert.doesNotMatch(error.message, /\n/);
			return true;
		});
	}
});

test("IdentityWatch swaps a changed pair, keeps the old one of a bad pair, and says so once", async () => {
	const one = await pair("swap");
	const setting = { cert: [one.cert], key: [one.key], generate: [], setting: "server.tls" };
	const watch = await IdentityWatch.open(setting, handClock());
	const changes: string[] = [];
	const failures: string[] = [];
	watch.watch({
		onChange: (identities) => changes.push(identities[0]?.fingerprint ?? ""),
		onFailure: (message) => failures.push(message),
	});
	await watch.poll();
	assert.deepEqual(changes, []);
	const next = await makeThrowAway(["swap.test"], nowMs);
	await writeFile(one.key, next.key);
	await watch.poll();
	await watch.poll();
	assert.equal(failures.length, 1);
	assert.equal(watch.identities[0]?.fingerprint, one.fingerprint);
	await writeFile(one.cert, next.chain);
	await watch.poll();
	assert.deepEqual(changes, [next.fingerprint]);
	watch[Symbol.dispose]();
});

test("IdentityWatch replaces a throw-away certificate after six days and not before", async () => {
	const clock = handClock();
	const watch = await IdentityWatch.open({ cert: [], key: [], generate: ["localhost"], setting: "server.tls" }, clock);
	const first = watch.identities[0]?.fingerprint;
	await watch.poll();
	assert.equal(watch.identities[0]?.fingerprint, first);
	clock.advance(THROW_AWAY_RENEW_MS);
	await watch.poll();
	assert.notEqual(watch.identities[0]?.fingerprint, first);
	watch[Symbol.dispose]();
});

test("IdentityWatch.open() without files or names says what to give", async () => {
	const setting = { cert: [], key: [], generate: [], setting: "server.tls" };
	await assert.rejects(IdentityWatch.open(setting, handClock()), /server\.tls: give cert and key files, or generate/);
});
