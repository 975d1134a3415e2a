/**
 * The drivers of the third-party clients work, and their checks can fail: proven without our relay.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { cross } from "./crossing.ts";
import { PeerProcess } from "./peer-process.ts";
import { type StandInRelay, startStandIn } from "./stand-in-relay.ts";
import { REPRESENTATIVES, type Variant, variantName } from "./variant.ts";

const CURRENT: Variant = { client: "@moq/net", pin: "qmux-01.moq-lite-05" };
const EARLY: Variant = { client: "oldlite", pin: "webtransport" };

describe("interop drivers, over a relay made of the clients' own server role", () => {
	let relay: StandInRelay;
	before(async () => {
		relay = await startStandIn();
	});
	after(() => relay.close());

	for (const publisher of [CURRENT, EARLY]) {
		test(`cross() from ${variantName(publisher)} to every client`, { timeout: 180_000 }, async () => {
			await cross({ ...at(relay), publisher, viewers: REPRESENTATIVES, seed: 1 });
		});
	}

	test("cross() fails when other bytes are published than expected", { timeout: 180_000 }, async () => {
		// The publisher is told another seed than the check.
		await assert.rejects(
			cross({ ...at(relay), publisher: CURRENT, viewers: [EARLY], seed: 2, sentSeed: 3 }),
			assert.AssertionError,
		);
	});

	test("cross() fails without a publisher", { timeout: 60_000 }, async () => {
		await using viewers = new PeerProcess({
			role: "view",
			variants: REPRESENTATIVES,
			url: `${relay.url}/view`,
			broadcast: "nobody",
			seed: 1,
		});
		await viewers.until(
			"connections",
			(lines) => lines.filter((line) => line.event === "connected").length === REPRESENTATIVES.length,
		);
		const announced = viewers.until("announcement", (lines) => lines.some((line) => line.event === "announced"), 1000);
		await assert.rejects(announced, /no announcement/);
	});
});

test("PeerProcess: a peer does not outlive the process that leads it, even while it connects", {
	timeout: 60_000,
}, async () => {
	// Takes connections, says nothing.
	const silent = createServer((socket) => void socket.on("error", () => {}).resume());
	await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
	const { port } = silent.address() as AddressInfo;
	const task = { role: "view", variants: [CURRENT], url: `http://127.0.0.1:${port}/`, broadcast: "x", seed: 1 };
	const script = `
		import { PeerProcess } from ${JSON.stringify(new URL("./peer-process.ts", import.meta.url).href)};
		console.log(typeof new PeerProcess(${JSON.stringify(task)}));`;
	const leader = spawn(process.execPath, ["-C", "source", "--input-type=module", "-e", script], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	try {
		const connected = once(silent, "connection");
		await once(leader.stdout, "data");
		await connected;
		leader.kill("SIGKILL");
		await once(leader, "close"); // only when nobody holds its standard error any more
	} finally {
		leader.kill("SIGKILL");
		silent.close();
	}
});

let broadcasts = 0;

function at(relay: StandInRelay): { publishUrl: string; viewUrl: string; broadcast: string; lateGroupsMissed: number } {
	return {
		publishUrl: `${relay.url}/publish`,
		viewUrl: `${relay.url}/view`,
		broadcast: `interop-${broadcasts++}`,
		lateGroupsMissed: 1,
	};
}
