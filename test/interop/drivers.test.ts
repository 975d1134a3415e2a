/**
 * The drivers of the third-party clients work, and their checks can fail: proven without our relay.
 * @module
 */
import assert from "node:assert/strict";
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

let broadcasts = 0;

function at(relay: StandInRelay): { publishUrl: string; viewUrl: string; broadcast: string; lateGroupsMissed: number } {
	return {
		publishUrl: `${relay.url}/publish`,
		viewUrl: `${relay.url}/view`,
		broadcast: `interop-${broadcasts++}`,
		lateGroupsMissed: 1,
	};
}
