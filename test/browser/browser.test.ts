import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { RelayProcess } from "../relay-process.ts";
import { eventually } from "../rust/eventually.ts";
import { TestBrowser } from "./chromium.ts";
import { ClientPage, type ClientQuery } from "./client-page.ts";

/** New pictures that a player must paint. The drill asks for more, and for no stall. */
const PAINTED = Number(process.env["MOQ_BROWSER_FRAMES"] ?? 90);
/** Longest time between two new pictures, in ms; nothing is asked of it where other tests share the machine. */
const STALL_MS = Number(process.env["MOQ_BROWSER_STALL_MS"] ?? Number.POSITIVE_INFINITY);
/** Longest wait for progress, in ms: far above what any machine needs, so that only a hang meets it. */
const HANG_MS = 60_000;

interface Readout {
	readonly painted: number;
	readonly longestGapMs: number;
	readonly version: string;
}

let browser: TestBrowser;
let page: ClientPage;

before(async () => {
	page = await ClientPage.start();
	browser = await TestBrowser.start();
});

after(async () => {
	await browser?.close();
	page?.close();
});

function open(query: ClientQuery): Promise<Page> {
	return browser.open({ url: page.url(query), label: `${query.role} ${query.transport}` });
}

function read(window: Page): Promise<Readout> {
	return window.evaluate("window.readout()");
}

/** Wait until the player has painted all its pictures, never without progress for long. */
async function painting(player: Page, relay: RelayProcess): Promise<Readout> {
	let best = 0;
	let movedAt = performance.now();
	for (;;) {
		const seen = await read(player);
		if (seen.painted > best) movedAt = performance.now();
		best = Math.max(best, seen.painted);
		if (best >= PAINTED) return seen;
		if (performance.now() - movedAt > HANG_MS) {
			const context = [...browser.log.slice(-40), ...relay.log.slice(-20)].join("\n");
			assert.fail(`stuck at ${best} of ${PAINTED} pictures\n${context}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

/** Transport and version of every session that the relay let in since it had logged `from` lines. */
function sessions(relay: RelayProcess, from: number): { readonly transport: string; readonly version: string }[] {
	const lines = relay.log.slice(from).filter((line) => line.includes('"session.open"'));
	return lines.map((line) => {
		const { transport, version } = JSON.parse(line) as Record<"transport" | "version", string>;
		return { transport, version };
	});
}

/** Wait until what the relay let in since is this; a session that was lost on a busy machine counts once. */
async function untilSessions(relay: RelayProcess, from: number, expected: readonly string[]): Promise<void> {
	await eventually(() => {
		const seen = new Set(sessions(relay, from).map(({ transport }) => transport));
		assert.deepEqual([...seen].sort(), [...new Set(expected)].sort());
	});
}

test("Chromium publishes its camera and paints it", async (t) => {
	const relay = await RelayProcess.start();
	try {
		for (const [publishing, watching] of [
			["webtransport", "webtransport"],
			["websocket", "websocket"],
			["webtransport", "websocket"],
			["websocket", "webtransport"],
		] as const) {
			await t.test(`from ${publishing} to ${watching}`, async (t) => {
				const from = relay.log.length;
				const shared = { relay: relay.url("/demo").href, name: `${publishing}-${watching}.hang` };
				const publisher = await open({ ...shared, role: "publish", transport: publishing });
				const player = await open({ ...shared, role: "watch", transport: watching });
				const seen = await painting(player, relay);
				// What the relay saw, not what the library says of itself.
				await untilSessions(relay, from, [publishing, watching]);
				for (const { version } of sessions(relay, from)) assert.match(version, /^moq-lite-0\d$/);
				t.diagnostic(`${seen.painted} pictures, longest gap ${Math.round(seen.longestGapMs)} ms, ${seen.version}`);
				assert.ok(seen.longestGapMs <= STALL_MS, `a gap of ${seen.longestGapMs} ms`);
				await publisher.close();
				await player.close();
			});
		}
		await t.test("and nothing of a broadcast that nobody publishes, while another plays", async () => {
			const shared = { relay: relay.url("/demo").href, transport: "any" } as const;
			const publisher = await open({ ...shared, name: "somebody.hang", role: "publish" });
			const player = await open({ ...shared, name: "somebody.hang", role: "watch" });
			const lonely = await open({ ...shared, name: "nobody.hang", role: "watch" });
			await painting(player, relay);
			await eventually(async () =>
				assert.notEqual((await read(lonely)).version, "", "the lonely player has no session"),
			);
			const { painted } = await read(lonely);
			assert.ok(painted <= EMPTY, `${painted} pictures of nothing`);
			for (const window of [publisher, player, lonely]) await window.close();
		});
	} finally {
		await relay.stop();
	}
});

test("Chromium falls back to WebSocket by itself where UDP is blocked", async () => {
	const relay = await RelayProcess.start(["--auth-public", ""], { udp: "gated" });
	try {
		const shared = { relay: relay.url("/demo").href, name: "blocked.hang", transport: "any" } as const;
		const publisher = await open({ ...shared, role: "publish" });
		const player = await open({ ...shared, role: "watch" });
		const stranded = await open({ ...shared, role: "watch", transport: "webtransport" });
		const seen = await painting(player, relay);
		await untilSessions(relay, 0, ["websocket"]);
		assert.equal((await read(stranded)).version, "", "a window without WebSocket has no way to the relay");
		assert.ok(seen.longestGapMs <= STALL_MS, `a gap of ${seen.longestGapMs} ms`);
		for (const window of [publisher, player, stranded]) await window.close();
	} finally {
		await relay.stop();
	}
});

/** A canvas that shows nothing may still change this often: empty, resized, black. */
const EMPTY = 3;
