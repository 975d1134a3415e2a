/**
 * Third-party clients cross our relay: one variant of each kind with every other, and the rest with their neighbours.
 * `INTEROP=all`, which `npm run interop` sets, crosses every variant with every other.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type Crossing, cross } from "./crossing.ts";
import { PeerProcess } from "./peer-process.ts";
import { REPRESENTATIVES, VARIANTS, variantName } from "./variant.ts";

const CROSSED = process.env["INTEROP"] === "all" ? VARIANTS : REPRESENTATIVES;
/** What is not crossed with all the others publishes to its neighbours, so that every variant publishes and watches. */
const RING = VARIANTS.filter((variant) => !CROSSED.some((other) => variantName(other) === variantName(variant)));

describe("relay", () => {
	let relay: RelayProcess;
	before(async () => {
		relay = await RelayProcess.start();
	});
	after(() => relay.stop());

	async function carry(t: TestContext, crossing: Pick<Crossing, "publisher" | "viewers">): Promise<void> {
		try {
			await cross({ ...at(relay), ...crossing });
		} catch (error) {
			for (const line of relay.log.slice(-LOG_LINES)) t.diagnostic(line);
			throw error;
		}
	}

	for (const publisher of CROSSED) {
		test(`relay carries ${variantName(publisher)} to every client`, { timeout: 600_000 }, (t) =>
			carry(t, { publisher, viewers: CROSSED }),
		);
	}

	for (const [index, publisher] of RING.entries()) {
		const viewers = [1, 2].map((step) => RING[(index + step) % RING.length] ?? publisher);
		const names = viewers.map(variantName).join(" and ");
		test(`relay carries ${variantName(publisher)} to ${names}`, (t) => carry(t, { publisher, viewers }));
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

let crossings = 0;

function at(relay: RelayProcess): Omit<Crossing, "publisher" | "viewers"> {
	const url = relay.url("/interop").href;
	const seed = crossings++;
	return { publishUrl: url, viewUrl: url, broadcast: `crossing-${seed}`, seed, lateGroupsMissed: 0 };
}
