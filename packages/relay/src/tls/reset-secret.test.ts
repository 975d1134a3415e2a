import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigError } from "../config/config-error.ts";
import { readResetSecret } from "./reset-secret.ts";
import { makeThrowAway } from "./throw-away.ts";

describe("readResetSecret()", () => {
	let folder: string;
	before(async () => {
		folder = await mkdtemp(join(tmpdir(), "moq-reset-"));
	});
	after(() => rm(folder, { recursive: true }));

	test("readResetSecret() makes the same of the same key, however it is written, and another one at another place", async () => {
		const identity = await makeThrowAway(["localhost"], Date.now());
		const sec1 = createPrivateKey(identity.key).export({ type: "sec1", format: "pem" }).toString();
		const from = (key: string, place: string): Promise<Uint8Array | undefined> =>
			readResetSecret({ file: undefined, identity: { ...identity, key }, place });
		const secret = await from(identity.key, "one 0.0.0.0:443");
		assert.equal(secret?.byteLength, 32);
		assert.deepEqual(await from(sec1, "one 0.0.0.0:443"), secret);
		assert.notDeepEqual(await from(identity.key, "two 0.0.0.0:443"), secret);
		const other = await makeThrowAway(["localhost"], Date.now());
		assert.notDeepEqual(await from(other.key, "one 0.0.0.0:443"), secret);
	});

	test("readResetSecret() prefers the file, and has nothing where neither is there", async () => {
		const file = join(folder, "reset.key");
		await writeFile(file, Buffer.alloc(32, 7));
		const identity = await makeThrowAway(["localhost"], Date.now());
		const secret = await readResetSecret({ file, identity, place: "" });
		assert.deepEqual(Buffer.from(secret ?? []), Buffer.alloc(32, 7));
		assert.equal(await readResetSecret({ file: undefined, identity: undefined, place: "" }), undefined);
	});

	test("readResetSecret() says what is wrong with a file", async () => {
		const short = join(folder, "short.key");
		await writeFile(short, Buffer.alloc(31));
		const large = join(folder, "large.key");
		await writeFile(large, Buffer.alloc(100_000));
		for (const [file, message] of [
			[short, /short\.key holds 31 bytes/],
			[large, /large\.key is too large/],
			[join(folder, "missing.key"), /missing\.key cannot be read \(ENOENT\)/],
		] as const) {
			await assert.rejects(readResetSecret({ file, identity: undefined, place: "" }), (error) => {
				assert.ok(error instanceof ConfigError);
				assert.match(error.message, message);
				return true;
			});
		}
	});
});
