import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { RelayProcess } from "../relay-process.ts";
import { TestBrowser } from "./chromium.ts";

/** New pictures that a player must paint; at 30 a second, the length of the run. */
const PAINTED = Number(process.env["MOQ_BROWSER_FRAMES"] ?? 150);
/** Longest wait for progress, in ms: far above what any machine needs, so that only a hang meets it. */
const HANG_MS = 45_000;

let browser: TestBrowser;
let relay: RelayProcess;

before(async () => {
	relay = await RelayProcess.start();
	browser = await TestBrowser.start();
});

after(async () => {
	await browser?.close();
	await relay?.stop();
});

/** Wait until the player has painted `wanted` new pictures, never without progress for long. */
async function painting(player: Page, wanted: number): Promise<void> {
	let best = 0;
	let movedAt = performance.now();
	while (best < wanted) {
		const { painted } = await browser.read(player);
		if (painted > best) movedAt = performance.now();
		best = Math.max(best, painted);
		if (performance.now() - movedAt > HANG_MS) {
			assert.fail(
				`stuck at ${best} of ${wanted} pictures\n${browser.log.slice(-40).join("\n")}\n${relay.log.slice(-20).join("\n")}`,
			);
		}
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}

for (const [publishing, watching] of [
	["webtransport", "webtransport"],
	["websocket", "websocket"],
	["webtransport", "websocket"],
	["websocket", "webtransport"],
] as const) {
	test(`Chromium publishes its camera over ${publishing} and paints it over ${watching}`, async () => {
		const name = `${publishing}-${watching}.hang`;
		const shared = { relay: relay.url("/demo").href, name };
		const publisher = await browser.open({ ...shared, role: "publish", transport: publishing });
		const player = await browser.open({ ...shared, role: "watch", transport: watching });
		await painting(player, PAINTED);
		assert.equal((await browser.read(player)).transport, watching);
		await publisher.close();
		await player.close();
	});
}

test("Chromium paints nothing when nobody publishes", async () => {
	const player = await browser.open({
		relay: relay.url("/demo").href,
		name: "nobody.hang",
		role: "watch",
		transport: "webtransport",
	});
	await player.waitForFunction("window.readout().version !== ''", undefined, { timeout: HANG_MS });
	assert.ok((await browser.read(player)).painted <= 1);
	await player.close();
});
