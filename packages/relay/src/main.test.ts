/** The command `moq-relay` as a process: exit codes, its one line, and signals. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "./testing/test-client.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "moq-main-"));
after(() => rm(folder, { recursive: true }));

type Line = Readonly<Record<string, unknown>>;

class Command implements AsyncDisposable {
	readonly child: ChildProcess;
	readonly #exit: Promise<number | null>;
	readonly #lines: Line[] = [];
	#text = "";
	#wake: () => void = () => {};

	constructor(args: readonly string[]) {
		this.child = spawn(process.execPath, ["-C", "source", MAIN, ...args], {
			stdio: ["ignore", "pipe", "pipe"],
			env: { PATH: process.env["PATH"] },
		});
		this.#exit = once(this.child, "close").then(([code]) => code as number | null);
		for (const stream of [this.child.stdout, this.child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
		}
	}

	/** Everything it wrote, every line of it JSON. */
	get lines(): readonly Line[] {
		return this.#lines;
	}

	/** The exit code, once it has ended. */
	get exit(): Promise<number | null> {
		return this.#exit;
	}

	/** The first line of an event; rejects when it ends without. */
	async line(event: string): Promise<Line> {
		for (;;) {
			const found = this.#lines.find((line) => line["event"] === event);
			if (found !== undefined) return found;
			const woken = new Promise<boolean>((resolve) => {
				this.#wake = () => resolve(true);
			});
			const alive = await Promise.race([woken, this.#exit.then(() => false)]);
			if (!alive && !this.#lines.some((line) => line["event"] === event)) {
				throw new Error(`ended without ${event}: ${JSON.stringify(this.#lines)}`);
			}
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.child.kill("SIGKILL");
		await this.#exit;
	}

	#take(text: string): void {
		const parts = (this.#text + text).split("\n");
		this.#text = parts.pop() ?? "";
		for (const part of parts) this.#lines.push(JSON.parse(part) as Line);
		this.#wake();
	}
}

const OWN = ["--server-bind", "127.0.0.1:0", "--web-http-listen", "127.0.0.1:0", "--auth-public", ""];
const START = [...OWN, "--tls-generate", "localhost"];

/** The one line that says why it does not start, and that it ends with 2. */
async function refusal(args: readonly string[]): Promise<string> {
	await using command = new Command(args);
	assert.equal(await command.exit, 2);
	const errors = command.lines.filter((line) => line["level"] === "error");
	assert.equal(errors.length, 1, JSON.stringify(command.lines));
	return String(errors[0]?.["msg"]);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	test(`moq-relay ends with code 0 on ${signal}, within two seconds when nobody is connected`, async () => {
		await using command = new Command(START);
		await command.line("relay.ready");
		const begunMs = performance.now();
		command.child.kill(signal);
		assert.equal(await command.exit, 0);
		assert.ok(performance.now() - begunMs < 2000);
		assert.ok(command.lines.some((line) => line["event"] === "relay.stop"));
	});
}

test("moq-relay lets its sessions go before it ends", async () => {
	await using command = new Command(START);
	const ready = await command.line("listen.open");
	await command.line("relay.ready");
	const address = command.lines
		.map((line) => line["protocol"] === "https, http" && String(line["address"]))
		.find(Boolean);
	assert.ok(address, JSON.stringify(ready));
	const client = await connect(new URL(`http://${String(address)}/demo`));
	command.child.kill("SIGTERM");
	assert.equal((await client.ended).by, "remote");
	assert.equal(await command.exit, 0);
});

test("moq-relay ends at once on the second signal", async () => {
	await using command = new Command(START);
	await command.line("relay.ready");
	const address = command.lines
		.map((line) => line["protocol"] === "https, http" && String(line["address"]))
		.find(Boolean);
	await connect(new URL(`http://${String(address)}/demo`));
	command.child.kill("SIGTERM");
	await command.line("drain.start");
	command.child.kill("SIGTERM");
	assert.equal(await command.exit, 0);
	assert.ok(!command.lines.some((line) => line["event"] === "relay.stop"));
});

test("moq-relay names a missing certificate and ends with code 2", async () => {
	const missing = join(folder, "none.pem");
	const message = await refusal([...OWN, "--tls-cert", missing, "--tls-key", missing]);
	assert.match(message, /server\.tls\.cert: .*none\.pem does not exist/);
});

test("moq-relay names a bad key and ends with code 2", async () => {
	const file = join(folder, "bad.jwk");
	await writeFile(file, "no key");
	const args = START.filter((arg) => arg !== "--auth-public" && arg !== "");
	assert.match(await refusal([...args, "--auth-key", file]), /bad\.jwk/);
});

test("moq-relay names a port in use with the remedy and ends with code 2", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	assert.ok(address !== null && typeof address === "object");
	const where = `127.0.0.1:${address.port}`;
	const args = START.map((arg, at) => (START[at - 1] === "--web-http-listen" ? where : arg));
	assert.match(await refusal(args), new RegExp(`TCP ${where.replaceAll(".", "\\.")}: the port is in use; stop what`));
	server.close();
});

test("moq-relay names a setting that it does not know, and ends with code 2", async () => {
	assert.match(await refusal(["--no-such-flag"]), /no-such-flag/);
	const file = join(folder, "relay.toml");
	await writeFile(file, "[server]\nlissten = '127.0.0.1:0'\n");
	assert.match(await refusal([file]), /lissten/);
});
