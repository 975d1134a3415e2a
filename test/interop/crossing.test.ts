/**
 * Every third-party client crosses our relay with every other, in every framing and version that they offer.
 * `INTEROP=all` crosses all variants instead of one of each kind.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type Crossing, cross } from "./crossing.ts";
import { PeerProcess } from "./peer-process.ts";
import { REPRESENTATIVES, VARIANTS, variantName } from "./variant.ts";

const CROSSED = process.env["INTEROP"] === "all" ? VARIANTS : REPRESENTATIVES;

describe("relay", () => {
	let relay: RelayProcess;
	before(async () => {
		relay = await RelayProcess.start();
	});
	after(() => relay.stop());

	for (const [index, publisher] of CROSSED.entries()) {
		test(`relay carries ${variantName(publisher)} to every client`, { timeout: 600_000 }, async (t) => {
			try {
				await cross({ ...at(relay, index), publisher, viewers: CROSSED });
			} catch (error) {
				for (const line of relay.log.slice(-LOG_LINES)) t.diagnostic(line);
				throw error;
			}
		});
	}

	test("relay gives each pinned client the subprotocol that it offered", async () => {
		await using viewers = new PeerProcess({
			role: "view",
			variants: VARIANTS,
			url: relay.url("/interop").href,
			broadcast: "nobody",
			seed: 1,
		});
		const connected = (): { peer: string; subprotocol: string | undefined }[] =>
			viewers.lines.filter((line) => line.event === "connected");
		await viewers.until("connections", () => connected().length === VARIANTS.length);
		for (const variant of VARIANTS.filter(({ pin }) => pin !== "")) {
			assert.equal(connected().find(({ peer }) => peer === variantName(variant))?.subprotocol, variant.pin);
		}
	});
});

/** What of the relay's log helps to understand a failure. */
const LOG_LINES = 20;

function at(relay: RelayProcess, seed: number): Omit<Crossing, "publisher" | "viewers"> {
	const url = relay.url("/interop").href;
	return { publishUrl: url, viewUrl: url, broadcast: `crossing-${seed}`, seed, lateGroupsMissed: 0 };
}
