import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { TestBrowser } from "../browser/chromium.ts";
import { ClientPage, type ClientQuery } from "../browser/client-page.ts";
import { DemoPage } from "../browser/demo-page.ts";
import { moq, said } from "../cli/moq.ts";
import { PublisherProcess } from "../publisher-process.ts";
import { RelayProcess } from "../relay-process.ts";
import { packetsOf } from "../rust/clip.ts";
import { eventually } from "../rust/eventually.ts";
import { sized, spread } from "./scale.ts";

const RESTARTS = sized(10, 2);
const CRASHES = sized(3, 1);
const KILLS = sized(3, 1);
/** New pictures that count as the picture's return: more than a player keeps in its buffer. */
const RETURNED = 30;
/** A viewer has to find out that its relay is gone, which takes QUIC's idle timeout where nobody says so. */
const RELAY_BACK_MS = 45_000;
const OPEN = ["--auth-public", "", "--web-page", fileURLToPath(new URL("../../page/dist", import.meta.url))];
const TRANSPORTS = ["webtransport", "websocket"] as const;

let browser: TestBrowser;
let client: ClientPage;

before(async () => {
	client = await ClientPage.start();
	browser = await TestBrowser.start();
});

after(async () => {
	await browser?.close();
	client?.close();
});

function open(query: ClientQuery): Promise<Page> {
	return browser.open({ url: client.url(query), label: `${query.role} ${query.transport}` });
}

async function painted(window: Page): Promise<number> {
	return (await window.evaluate<{ painted: number }>("window.readout()")).painted;
}

/** Resolves when each player has painted so many more pictures. */
async function paintMore(players: readonly Page[]): Promise<void> {
	await Promise.all(
		players.map(async (player) => {
			const wanted = (await painted(player)) + RETURNED;
			await eventually(async () =>
				assert.ok((await painted(player)) >= wanted, `${await painted(player)} of ${wanted}`),
			);
		}),
	);
}

test("drill: players in Chromium go on when moq publish is killed and comes again", async (t) => {
	const relay = await RelayProcess.start();
	const shared = { relay: relay.url("/demo").href, name: "clip.hang", role: "watch" } as const;
	let publisher = new PublisherProcess(relay.url("/demo"), shared.name);
	const times: number[] = [];
	try {
		const players = await Promise.all(TRANSPORTS.map((transport) => open({ ...shared, transport })));
		await paintMore(players);
		for (let restart = 0; restart < RESTARTS; restart++) {
			await publisher.stop("SIGKILL");
			publisher = new PublisherProcess(relay.url("/demo"), shared.name);
			const began = performance.now();
			await paintMore(players);
			times.push(performance.now() - began);
		}
		t.diagnostic(`${RESTARTS} restarts, ${players.length} players, a second of pictures after ${spread(times)}`);
		for (const player of players) await player.close();
	} finally {
		await publisher.stop("SIGKILL");
		await relay.stop();
	}
});

for (const [how, end] of [
	["crashes and comes again", crash],
	["comes again while its old self still publishes", async () => {}],
] as const) {
	test(`drill: players in Chromium go on when @moq/publish ${how}`, async (t) => {
		const relay = await RelayProcess.start();
		const shared = { relay: relay.url("/demo").href, name: "camera.hang" } as const;
		const times: number[] = [];
		const publishers: Page[] = [];
		try {
			const players = await Promise.all(TRANSPORTS.map((transport) => open({ ...shared, role: "watch", transport })));
			for (let life = 0; life <= CRASHES; life++) {
				const transport = TRANSPORTS[life % 2] ?? "websocket";
				const began = performance.now();
				const publisher = await open({ ...shared, role: "publish", transport });
				publishers.push(publisher);
				await paintMore(players);
				times.push(performance.now() - began);
				await end(publisher);
			}
			t.diagnostic(`${CRASHES} restarts, ${players.length} players, a second of pictures after ${spread(times)}`);
			for (const window of [...players, ...publishers]) await window.close();
		} finally {
			await relay.stop();
		}
	});
}

test("drill: the page and moq subscribe come back after kill -9 of the relay", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "moq-drill-"));
	let relay = await RelayProcess.start(OPEN);
	const { port } = relay;
	const publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const times: number[] = [];
	try {
		const file = join(folder, "recording.mp4");
		await using viewer = moq(["subscribe", "--url", relay.url("/demo").href, "--name", "clip.hang", "-o", file]);
		await said(viewer, /00:0[1-9]/);
		const page = await DemoPage.open(browser, relay.url("/"));
		await page.paints();
		for (let kill = 0; kill < KILLS; kill++) {
			await relay.stop("SIGKILL");
			await page.says("#watch-problem", /does not answer/);
			relay = await RelayProcess.start(OPEN, { port });
			const began = performance.now();
			const frames = packetsOf(file).video.length;
			await page.paints(RETURNED);
			await page.says("#watch-problem", /^$/);
			const isBack = (): void => assert.ok(packetsOf(file).video.length >= frames + RETURNED, viewer.log.join("\n"));
			await eventually(isBack);
			times.push(performance.now() - began);
		}
		assert.equal(await viewer.stop("SIGINT"), 0);
		await page.close();
		t.diagnostic(`${KILLS} kills, page and command back after ${spread(times)}`);
		assert.ok(Math.max(...times) < RELAY_BACK_MS);
	} finally {
		await publisher.stop("SIGKILL");
		await relay.stop();
		rmSync(folder, { recursive: true });
	}
});

/** End a window without a word to its relay. */
async function crash(window: Page): Promise<void> {
	const crashed = window.waitForEvent("crash");
	// It never arrives there.
	await window.goto("chrome://crash").catch(() => {});
	await crashed;
}
