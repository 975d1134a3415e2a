/** Debian's Chromium with a fake camera, and the test page bundled and served on loopback. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { rolldown } from "rolldown";

const FLAGS = [
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-gpu",
	"--use-fake-device-for-media-stream",
	"--use-fake-ui-for-media-stream",
	"--autoplay-policy=no-user-gesture-required",
];

/** What the player and publisher of the test page report. */
export interface Readout {
	readonly painted: number;
	readonly transport: string;
	readonly version: string;
}

/** A browser and the test page; close both with `close`. */
export class TestBrowser {
	readonly #browser: Browser;
	readonly #server: Server;
	/** Everything that the pages logged, for the message of a failure. */
	readonly log: string[] = [];

	constructor(browser: Browser, server: Server) {
		this.#browser = browser;
		this.#server = server;
	}

	/** Launch Chromium. @throws when `/usr/bin/chromium` is missing: scripts/install-test-tools.sh installs it. */
	static async start(): Promise<TestBrowser> {
		const script = await bundle();
		const server = createServer((request, response) => {
			const isScript = request.url?.endsWith(".js") === true;
			response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
			response.end(isScript ? script : '<!doctype html><body><script type="module" src="/client.js"></script>');
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const browser = await chromium.launch({
			executablePath: "/usr/bin/chromium",
			args: process.getuid?.() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS,
			ignoreDefaultArgs: ["--disable-quic"],
		});
		return new TestBrowser(browser, server);
	}

	/** Open the test page in a window of its own. */
	async open(query: Readonly<Record<string, string>>): Promise<Page> {
		const { port } = this.#server.address() as AddressInfo;
		const page = await this.#browser.newPage();
		page.on("console", (message) => this.log.push(`${query["role"]}: ${message.text()}`));
		page.on("pageerror", (error) => this.log.push(`${query["role"]}: ${error.message}`));
		await page.goto(`http://localhost:${port}/?${new URLSearchParams(query)}`);
		return page;
	}

	/** What the page reports now. */
	async read(page: Page): Promise<Readout> {
		return page.evaluate("window.readout()");
	}

	async close(): Promise<void> {
		await this.#browser.close();
		this.#server.close();
	}
}

async function bundle(): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "moq-browser-"));
	try {
		const build = await rolldown({ input: fileURLToPath(new URL("client.ts", import.meta.url)), logLevel: "silent" });
		await build.write({ file: join(folder, "client.js"), format: "esm", codeSplitting: false });
		await build.close();
		return readFileSync(join(folder, "client.js"), "utf8");
	} finally {
		rmSync(folder, { recursive: true });
	}
}
