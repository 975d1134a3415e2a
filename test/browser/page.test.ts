import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatKey, generateKey, signToken } from "@moq-relay/token";
import { CLIP, PublisherProcess } from "../publisher-process.ts";
import { RelayProcess } from "../relay-process.ts";
import { TestBrowser } from "./chromium.ts";
import { DemoPage } from "./demo-page.ts";
import { LeakyPublisher } from "./leaky-publisher.ts";

const PAGE = fileURLToPath(new URL("../../page/dist", import.meta.url));
const WITH_PAGE = ["--web-page", PAGE];
const OPEN = [...WITH_PAGE, "--auth-public", ""];

let browser: TestBrowser;
/** For tests that leave it as it is; "clip.hang" is live there. */
let shared: RelayProcess;
let clip: PublisherProcess;

before(async () => {
	shared = await RelayProcess.start(OPEN);
	clip = new PublisherProcess(shared.url("/demo"), "clip.hang");
	// A name that is not localhost, on loopback: to the browser another machine.
	browser = await TestBrowser.start(["--host-resolver-rules=MAP relay.test 127.0.0.1"]);
});

after(async () => {
	await browser?.close();
	await clip?.stop();
	await shared?.stop();
});

test("page: plays, and says on what and how far behind live", async () => {
	const page = await DemoPage.open(browser, shared.url("/"));
	try {
		await page.paints();
		await page.says("#behind", /^\d+ ms$/);
		// On a busy machine it may begin over WebSocket, and moves.
		await page.says("#transport", /^WebTransport$/);
		await page.says("#version", /^moq-lite-0\d$/);
		await page.says("#dropped", /^\d+$/);
		await page.says("#watch-problem", /^$/);
	} finally {
		await page.close();
	}
});

test("page: counts groups that never come", async () => {
	const isLost = (sequence: number): boolean => sequence % 3 === 2;
	const leaky = new LeakyPublisher({ url: shared.url("/demo"), from: "clip.hang", to: "leaky.hang", isLost });
	const page = await DemoPage.open(browser, shared.url("/?name=leaky.hang"));
	try {
		await page.paints();
		await page.says("#dropped", /^[1-9]\d*$/);
	} finally {
		await page.close();
		leaky.close();
	}
});

test("page: says that a broadcast is not live, and plays it when it comes, goes and comes again", async () => {
	const page = await DemoPage.open(browser, shared.url("/?name=late.hang"));
	let publisher: PublisherProcess | undefined;
	try {
		await page.says("#watch-problem", /^The broadcast "late.hang" is not live under \/demo\. Start its publisher/);
		for (const _ of ["first", "again"]) {
			publisher = new PublisherProcess(shared.url("/demo"), "late.hang");
			await page.paints();
			await page.says("#watch-problem", /^$/);
			await publisher.stop();
			await page.says("#watch-problem", /is not live/);
			await page.says("#behind", /^–$/);
		}
	} finally {
		await page.close();
		await publisher?.stop();
	}
});

test("page: says that the relay does not answer, and comes back with it", async () => {
	const relay = await RelayProcess.start(OPEN);
	const publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const page = await DemoPage.open(browser, relay.url("/"));
	let next: RelayProcess | undefined;
	try {
		await page.paints();
		await page.page.click("#tab-publish");
		await page.page.click("#publish-camera");
		await page.says("#publish-state", /^Publishing/);
		await page.page.click("#tab-watch");
		await relay.stop("SIGKILL");
		await page.says("#watch-problem", /^The relay at 127\.0\.0\.1:\d+ does not answer\./);
		// At once, whether the transport has noticed yet or not.
		assert.equal(await page.text("#transport"), "connecting …");
		next = await RelayProcess.start(OPEN, { port: relay.port }); // with another certificate
		await page.paints();
		await page.says("#watch-problem", /^$/);
		await page.says("#transport", /^WebTransport$/);
		await page.page.click("#tab-publish");
		await page.says("#publish-state", /^Publishing/);
		await page.says("#publish-problem", /^$/);
	} finally {
		await page.close();
		await publisher.stop();
		await relay.stop();
		await next?.stop();
	}
});

test("page: says that a token is missing or refused", async () => {
	const folder = mkdtempSync(join(tmpdir(), "moq-page-"));
	const [key, other] = [await generateKey({ algorithm: "ES256" }), await generateKey({ algorithm: "ES256" })];
	const token = await signToken(key, { root: "demo", publish: [""], subscribe: [""] });
	const viewer = await signToken(key, { root: "demo", publish: [], subscribe: [""] });
	const stranger = await signToken(other, {
		root: "demo",
		subscribe: [""],
	});
	writeFileSync(join(folder, "key.jwk"), formatKey(key, "json"));
	const relay = await RelayProcess.start([...WITH_PAGE, "--auth-key", join(folder, "key.jwk")]);
	const publisher = new PublisherProcess(relay.url(`/demo?jwt=${token}`), "clip.hang");
	try {
		const without = await DemoPage.open(browser, relay.url("/"));
		await without.says("#watch-problem", /^The relay wants a token for \/demo\. Make one with "moq-token sign"/);
		await without.close();

		const wrong = await DemoPage.open(browser, relay.url(`/?jwt=${stranger}`));
		await wrong.says("#watch-problem", /^The relay refused the token for \/demo: .*Make a new one/);
		await wrong.page.click("#tab-publish");
		await wrong.page.click("#publish-camera");
		await wrong.says("#publish-problem", /^The relay refused the token for \/demo/);
		await wrong.close();

		const right = await DemoPage.open(browser, relay.url(`/?jwt=${viewer}`));
		await right.paints();
		await right.says("#watch-problem", /^$/);
		await right.page.click("#tab-publish");
		await right.page.click("#publish-camera");
		await right.says("#publish-problem", /^The relay does not list .* The token may not allow to publish it/);
		await right.close();
	} finally {
		await publisher.stop();
		await relay.stop();
		rmSync(folder, { recursive: true });
	}
});

test("page: says that UDP is blocked, plays over WebSocket, and moves to WebTransport when UDP opens", async () => {
	const relay = await RelayProcess.start(OPEN, { udp: "gated" });
	const publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const page = await DemoPage.open(browser, relay.url("/"));
	try {
		await page.paints();
		await page.says("#transport", /^WebSocket$/);
		await page.says("#watch-problem", /^UDP port \d+ seems to be blocked .* Open UDP port \d+ in the firewall/);
		assert.ok(relay.gate);
		relay.gate.isOpen = true;
		await page.says("#transport", /^WebTransport$/);
		await page.says("#watch-problem", /^$/);
		await page.paints();
	} finally {
		await page.close();
		await publisher.stop();
		await relay.stop();
	}
});

test("page: says what to do without a secure context, and works at the https address it names", async () => {
	const relay = await RelayProcess.start([...OPEN, "--tls-generate", "relay.test"]);
	const publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const plain = await DemoPage.open(browser, `http://relay.test:${relay.port}/`);
	try {
		const sentence = await plain.says("#problem", /no camera, decoder or WebTransport/);
		const address = /https:\/\/\S+/.exec(sentence)?.[0] ?? "";
		assert.equal(address, `https://relay.test:${relay.port}/`);
		const page = await DemoPage.open(browser, address);
		await page.paints();
		await page.says("#transport", /^WebTransport$/);
		await page.says("#problem", /^$/);
		await page.close();
	} finally {
		await plain.close();
		await publisher.stop();
		await relay.stop();
	}
});

test("page: publishes camera, file and screen, and names the address that plays it", async () => {
	const page = await DemoPage.open(browser, shared.url("/#publish"));
	try {
		for (const start of [
			() => page.page.click("#publish-camera"),
			() => page.page.setInputFiles("#publish-file", CLIP),
			() => page.page.click("#publish-screen"),
		]) {
			await start();
			await page.says("#publish-state", /^Publishing ".+" \(moq-lite-0\d\)\. Watch it at$/);
			const viewer = await DemoPage.open(browser, (await page.page.getAttribute("#publish-link", "href")) ?? "");
			await viewer.paints(3);
			await viewer.close();
			await page.page.click("#publish-stop");
			await page.says("#publish-state", /^Choose what to publish\.$/);
		}
	} finally {
		await page.close();
	}
});

test("page: its tabs follow the arrow keys, and it fits a narrow window", async () => {
	const page = await DemoPage.open(browser, shared.url("/"));
	try {
		await page.page.focus("#tab-watch");
		for (const [key, tab] of [
			["ArrowRight", "publish"],
			["ArrowRight", "watch"],
			["ArrowLeft", "publish"],
			["Home", "watch"],
			["End", "publish"],
		] as const) {
			await page.page.keyboard.press(key);
			await page.becomes(
				`[document.querySelector("[aria-selected=true]").id, document.activeElement.id].join()`,
				`tab-${tab},tab-${tab}`,
			);
			await page.page.locator(`#${tab}`).waitFor({ state: "visible" });
		}
		await page.page.setViewportSize({ width: 320, height: 600 });
		await page.becomes("window.innerWidth", 320);
		assert.ok(await page.page.evaluate("document.documentElement.scrollWidth <= 320"), "it scrolls sideways");
	} finally {
		await page.close();
	}
});
