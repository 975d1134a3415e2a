import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { CommandError } from "../command-error.ts";
import { Terminal } from "../terminal.ts";
import { clusterStatus } from "./cluster-status.ts";

const clock = new VirtualClock();
const terminal = new Terminal({ write: () => {} }, clock, "info");

/** What is printed about a server that answers so. */
async function statusOf(answer: { status?: number; body: string }, options: { json?: boolean } = {}): Promise<string> {
	const paths: string[] = [];
	const server = createServer((request, response) => {
		paths.push(request.url ?? "");
		response.writeHead(answer.status ?? 200);
		response.end(answer.body);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	let text = "";
	const out = { write: (part: string) => void (text += part) };
	const url = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const context = { clock, terminal, signal: new AbortController().signal };
	try {
		await clusterStatus({ url, json: options.json === true, out }, context);
		assert.deepEqual(paths, ["/nodes"]);
		return text;
	} finally {
		server.closeAllConnections();
		server.close();
	}
}

test("clusterStatus() prints a tree, or the answer itself with --json", async () => {
	const body = '{"self":{"node":"https://a/"},"nodes":[{"node":"https://b/","parent":"https://a/"}]}';
	assert.equal(await statusOf({ body }), "https://a/ (this relay)\n└─ https://b/\n");
	const json = await statusOf({ body }, { json: true });
	assert.deepEqual(JSON.parse(json), JSON.parse(body));
});

test("clusterStatus() says in one line that a URL is not a relay's internal endpoint", async () => {
	for (const answer of [{ status: 404, body: "<h1>moq-relay</h1>" }, { body: "ok\n" }, { status: 302, body: "" }]) {
		await assert.rejects(statusOf(answer), (error) => {
			assert.ok(error instanceof CommandError);
			assert.match(
				error.message,
				/^http:\/\/127\.0\.0\.1:\d+ is not a relay's internal endpoint: [^\n]+ listen[^\n]+$/,
			);
			return true;
		});
	}
});

test("clusterStatus() says that nobody listens, and refuses what is no address", async () => {
	const context = { clock, terminal, signal: new AbortController().signal };
	const ask = (url: string): Promise<void> => clusterStatus({ url, json: false, out: { write: () => {} } }, context);
	await assert.rejects(ask("http://127.0.0.1:1"), /nobody answers at http:\/\/127\.0\.0\.1:1/);
	await assert.rejects(ask("moqt://a/"), /no address of a relay's internal listener/);
});
