import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "./command.ts";
import { type CommandIo, processIo } from "./command-io.ts";
import { parseKey } from "./key.ts";
import { KeyError } from "./token-error.ts";

interface Run {
	readonly code: number;
	readonly out: string;
	readonly complaints: string;
}

/** Runs the command with files in memory; what it writes stays in `files`. */
async function run(files: Map<string, string>, ...args: string[]): Promise<Run> {
	let out = "";
	let complaints = "";
	const io: CommandIo = {
		read: async (path) => files.get(path) ?? assert.fail(new KeyError(`${path} cannot be read`)),
		write: async (path, content, mode) => void files.set(path, content).set(`mode of ${path}`, mode.toString(8)),
		print: (line) => void (out += `${line}\n`),
		complain: (line) => void (complaints += `${line}\n`),
		nowMs: () => 1_800_000_000_000,
	};
	const code = await runCommand(args, io);
	return { code, out, complaints };
}

test("runCommand() generates, signs and verifies in the current spelling: base64url, standard output by default", async () => {
	const files = new Map<string, string>();
	const made = await run(files, "generate", "--algorithm", "ES256", "--public", "half.jwk");
	assert.equal(made.code, 0);
	assert.match(made.out, /^eyJ[A-Za-z0-9_-]+\n$/);
	assert.equal(parseKey(files.get("half.jwk") ?? "").hasPrivateHalf, false);
	assert.equal(files.get("mode of half.jwk"), "644");
	files.set("-", made.out);
	const signed = await run(
		files,
		"sign",
		"--key",
		"-",
		"--root",
		"demo",
		"--publish",
		"a",
		"--publish",
		"b",
		"--subscribe",
		"",
	);
	files.set("token", signed.out);
	const verified = await run(files, "verify", "--key", "half.jwk", "--in", "token");
	assert.deepEqual(JSON.parse(verified.out), { root: "demo", put: ["a", "b"], get: [""], iat: 1_800_000_000 });
});

test("runCommand() writes into folders by key id, with a scope that its tokens are held to", async () => {
	const files = new Map<string, string>();
	const scope = ["--root", "demo", "--publish", "live"];
	await run(
		files,
		"generate",
		"--algorithm",
		"EdDSA",
		"--id",
		"k1",
		"--out-dir",
		"keys",
		"--public-dir",
		"halves",
		...scope,
	);
	assert.equal(files.get("mode of keys/k1.jwk"), "600");
	assert.deepEqual(parseKey(files.get("halves/k1.jwk") ?? "").scope, {
		root: "demo",
		publish: ["live"],
		subscribe: [],
	});
	const refused = await run(files, "sign", "--key", "keys/k1.jwk", "--publish", "");
	assert.deepEqual(refused, {
		code: 1,
		out: "",
		complaints: "moq-token: the token would grant more than the scope of its key\n",
	});
});

test("runCommand() understands the older spelling: --key first, JSON, a token on standard input, --cluster", async () => {
	const files = new Map<string, string>();
	assert.equal((await run(files, "--key", "k.jwk", "generate", "--id", "old", "--algorithm", "HS384")).code, 0);
	assert.equal((JSON.parse(files.get("k.jwk") ?? "") as { kid: string }).kid, "old");
	const signed = await run(
		files,
		"--key",
		"k.jwk",
		"sign",
		"--root",
		"a",
		"--subscribe",
		"x",
		"--cluster",
		"--issued",
		"5",
	);
	files.set("-", signed.out);
	const verified = await run(files, "--key", "k.jwk", "verify");
	assert.deepEqual(JSON.parse(verified.out), { root: "a", get: ["x"], cluster: true, iat: 5 });
});

test("runCommand() understands the JavaScript spelling: generate --key, --base64, several paths after one flag", async () => {
	const files = new Map<string, string>();
	await run(files, "generate", "--key", "k.jwk", "--algorithm", "ES384", "--public", "half.jwk");
	assert.equal(files.get("k.jwk")?.startsWith("{"), true);
	assert.equal(files.get("half.jwk")?.startsWith("{"), true);
	await run(files, "generate", "--key", "b.jwk", "--base64");
	assert.equal(files.get("b.jwk")?.startsWith("eyJ"), true);
	const signed = await run(
		files,
		"sign",
		"--key",
		"k.jwk",
		"--root",
		"r",
		"--publish",
		"a",
		"b",
		"--expires",
		"1800000001",
	);
	files.set("-", signed.out);
	const verified = await run(files, "verify", "--key", "half.jwk", "--root", "/r/");
	assert.deepEqual((JSON.parse(verified.out) as { put: unknown }).put, ["a", "b"]);
	assert.equal((await run(files, "verify", "--key", "half.jwk", "--root", "other")).code, 1);
});

test("runCommand() ends with 1 and one sentence for whatever is wrong", async () => {
	const files = new Map<string, string>();
	await run(files, "generate", "--out", "k.jwk");
	await run(files, "generate", "--algorithm", "ES256", "--out", "p.jwk", "--public", "half.jwk");
	files.set("-", "no.token.");
	files.set("broken", '{"k":"secret');
	const cases: [string[], RegExp][] = [
		[[], /generate, sign or verify/],
		[["frobnicate"], /unknown command/],
		[["generate", "--algorithm", "RS1"], /Allowed choices/],
		[["generate", "--id", "../x"], /"kid"/],
		[["generate", "--algorithm", "ES256", "--public", "-"], /both halves/],
		[["generate", "--algorithm", "ES256", "--out", "-", "--public", "-"], /both halves/],
		[["generate", "--algorithm", "ES256", "--out", "x", "--public", "x"], /same file/],
		[["generate", "--out", "x", "--public", "y"], /no public half/],
		[["generate", "--out", "x", "--out-dir", "d"], /only one of/],
		[["generate", "--out", "x", "--public", "y", "--public-dir", "d"], /only one of/],
		[["sign", "--publish", "a"], /--key/],
		[["sign", "--key", "k.jwk"], /grants nothing/],
		[["sign", "--key", "half.jwk", "--publish", "a"], /cannot sign/],
		[["sign", "--key", "broken", "--publish", "a"], /neither JSON nor base64url/],
		[["sign", "--key", "absent", "--publish", "a"], /absent cannot be read/],
		[["sign", "--key", "k.jwk", "--publish", "a", "--expires", "tomorrow"], /seconds since 1970/],
		[["sign", "--key", "k.jwk", "--publish", "a\nb"], /control character/],
		[["verify", "--key", "k.jwk"], /not JSON in base64url/],
		[["verify", "--key", "-"], /standard input/],
	];
	for (const [args, expected] of cases) {
		const { code, out, complaints } = await run(files, ...args);
		assert.deepEqual([code, out], [1, ""], args.join(" "));
		assert.match(complaints, /^moq-token: .+\n$/);
		assert.match(complaints, expected);
		assert.doesNotMatch(complaints, /secret/);
	}
	assert.equal(files.has("x"), false);
});

test("runCommand() prints help and ends with 0", async () => {
	const { code, out } = await run(new Map(), "--help");
	assert.equal(code, 0);
	assert.match(out, /generate.*\n.*sign.*\n.*verify/s);
});

test("processIo.write() replaces a file as a whole and keeps it to its owner", async () => {
	const folder = await mkdtemp(join(tmpdir(), "moq-token-"));
	try {
		const path = join(folder, "k.jwk");
		await writeFile(path, "old", { mode: 0o644 });
		await processIo.write(path, "new", 0o600);
		assert.equal(await readFile(path, "utf8"), "new");
		assert.equal((await stat(path)).mode & 0o777, 0o600);
		await assert.rejects(processIo.write(join(folder, "absent", "k.jwk"), "x", 0o600), KeyError);
		await assert.rejects(processIo.read(folder), KeyError);
		assert.deepEqual(await readdir(folder), ["k.jwk"]);
	} finally {
		await rm(folder, { recursive: true });
	}
});
