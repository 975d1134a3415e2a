/**
 * Starts that cannot succeed, and ends that nobody asked for: what the process says, and how it exits.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatKey, generateKey } from "@moq-relay/token";
import { freePort, RelayProcess } from "../relay-process.ts";
import { boundSocket } from "../udp-gate.ts";
import { until } from "./until.ts";

const MAIN = fileURLToPath(new URL("../../packages/relay/src/main.ts", import.meta.url));
const OWN = ["--server-bind", "127.0.0.1:0", "--web-http-listen", "127.0.0.1:0"];
const TLS = ["--tls-generate", "localhost"];
const PUBLIC = ["--auth-public", ""];

/** Files that are not what they are taken for. */
const FILES: Readonly<Record<string, string>> = {
	"broken.toml": "[server\nlisten = ",
	"negative.toml": "[limits]\nmax_sessions = -1\n",
	"proto.toml": "[__proto__]\npolluted = true\n",
	"deep.toml": `a = ${"[".repeat(20_000)}`,
	"empty.pem": "",
	"half.pem": "-----BEGIN CERTIFICATE-----\nMIIB",
	"number.jwk": "5",
	"weak.jwk": JSON.stringify({ kty: "oct", alg: "HS256", k: "c2hvcnQ" }),
	"deep.jwk": "[".repeat(20_000),
};

describe("moq-relay that cannot start", { timeout: 300_000 }, () => {
	let folder: string;
	before(async () => {
		folder = await mkdtemp(join(tmpdir(), "moq-process-"));
		for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
		await writeFile(join(folder, "good.jwk"), formatKey(await generateKey({ algorithm: "ES256" }), "json"));
	});
	after(() => rm(folder, { recursive: true }));

	const cases: readonly (readonly [string, () => readonly string[], RegExp])[] = [
		["a folder for a file", () => [folder], /moq-process/],
		...["broken", "negative", "proto", "deep"].map(
			(name) => [`${name}.toml`, () => [file(`${name}.toml`)], new RegExp(`${name}\\.toml`)] as const,
		),
		...["empty", "half"].map(
			(name) =>
				[
					`the certificate ${name}.pem`,
					() => [...OWN, ...PUBLIC, "--tls-cert", file(`${name}.pem`), "--tls-key", file(`${name}.pem`)],
					new RegExp(`${name}\\.pem`),
				] as const,
		),
		...["missing", "number", "weak", "deep"].map(
			(name) =>
				[
					`the key ${name}.jwk`,
					() => [...OWN, ...TLS, "--auth-key", file(`${name}.jwk`)],
					new RegExp(`${name}\\.jwk`),
				] as const,
		),
		["a port that is none", () => [...TLS, ...PUBLIC, "--server-bind", "127.0.0.1:99999"], /99999/],
		["an address that is not ours", () => [...TLS, ...PUBLIC, "--server-bind", "192.0.2.1:0"], /192\.0\.2\.1/],
	];

	for (const [what, args, message] of cases) {
		test(`moq-relay says in one line what is wrong with ${what}, and ends with 2`, async () => {
			assert.match(await refusal(args()), message);
		});
	}

	test("moq-relay says in one line that a UDP port is in use, and ends with 2", async () => {
		const port = await freePort();
		const holder = await boundSocket(port);
		const args = [...TLS, ...PUBLIC, "--server-bind", `127.0.0.1:${port}`, "--web-http-listen", "127.0.0.1:0"];
		assert.match(await refusal(args), new RegExp(`UDP 127\\.0\\.0\\.1:${port}: the port is in use`));
		holder.close();
	});

	function file(name: string): string {
		return join(folder, name);
	}
});

describe("moq-relay that crashes", { timeout: 300_000 }, () => {
	for (const [what, code] of [
		["an exception", 'process.on("SIGUSR2", () => { throw new Error("provoked\\nover two lines") })'],
		["a rejection", 'process.on("SIGUSR2", () => { Promise.reject(new Error("provoked\\nover two lines")) })'],
	] as const) {
		test(`moq-relay says as JSON that ${what} ended it, and ends with 1`, async () => {
			const script = `data:text/javascript,${encodeURIComponent(code)}`;
			const relay = await RelayProcess.start(PUBLIC, { node: ["--import", script] });
			assert.equal(await relay.stop("SIGUSR2"), 1);
			const lines = relay.log.map((line) => JSON.parse(line) as Record<string, unknown>);
			const crashes = lines.filter(({ event }) => event === "process.crash");
			assert.equal(crashes.length, 1);
			assert.match(String(crashes[0]?.["msg"]), /provoked/);
		});
	}

	test("moq-relay does not end over a reader of its log that has gone", async () => {
		const port = await freePort();
		const flags = ["--server-bind", `127.0.0.1:${port}`, "--web-http-listen", `127.0.0.1:${port}`, ...TLS, ...PUBLIC];
		const child = spawn(process.execPath, ["-C", "source", MAIN, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
		const isHealthy = async (): Promise<boolean> => {
			const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined); // not yet listening
			return answer?.ok === true;
		};
		await until(isHealthy, () => "it does not start");
		child.stdout.destroy();
		child.stderr.destroy();
		// Each of these is a line of the log.
		for (let index = 0; index < 20; index++) await fetch(`http://127.0.0.1:${port}/announced?jwt=a.b.c`);
		assert.equal(await isHealthy(), true);
		assert.equal(child.exitCode, null);
		child.kill("SIGTERM");
		assert.deepEqual(await once(child, "exit"), [0, null]);
	});
});

/** The one error of a start that fails, which is the last line as well. */
async function refusal(args: readonly string[]): Promise<string> {
	const child = spawn(process.execPath, ["-C", "source", MAIN, ...args], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { PATH: process.env["PATH"] },
	});
	let text = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (part: string) => {
			text += part;
		});
	}
	const [code] = await once(child, "close");
	const lines = text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as Record<string, unknown>);
	const errors = lines.filter(({ level }) => level === "error");
	assert.equal(errors.length, 1, text);
	assert.equal(code, 2, text);
	return String(errors[0]?.["msg"]);
}
