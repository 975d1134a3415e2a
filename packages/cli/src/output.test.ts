import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CommandError } from "./command-error.ts";
import { openOutput } from "./output.ts";

test("openOutput() makes the file with the first bytes, and writes them in order", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "moq-output-"));
	t.after(() => rm(folder, { recursive: true }));
	const path = join(folder, "out.mp4");
	const output = openOutput(path);
	await assert.rejects(stat(path), { code: "ENOENT" });
	await Promise.all([output.write(Buffer.from("ab")), output.write(Buffer.from("cd"))]);
	await output.close();
	assert.equal(await readFile(path, "utf8"), "abcd");
});

test("openOutput() makes no file when nothing is written", async () => {
	const output = openOutput("/nowhere/at/all.mp4");
	await output.close();
});

test("openOutput() says in one sentence why it can't write", async () => {
	const output = openOutput("/nowhere/at/all.mp4");
	const expected = new CommandError("/nowhere/at/all.mp4 can't be written: there is no such folder");
	await assert.rejects(output.write(Buffer.from("ab")), { message: expected.message, name: "CommandError" });
	await assert.rejects(output.close(), { message: expected.message });
});
