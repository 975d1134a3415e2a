/** Debian's Chromium with a fake camera and QUIC. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-gpu",
	"--use-fake-device-for-media-stream",
	"--use-fake-ui-for-media-stream",
	"--auto-accept-this-tab-capture",
	"--autoplay-policy=no-user-gesture-required",
];

/** A window to open. */
export interface Window {
	readonly url: URL | string;
	/** What the window's lines in the log begin with. */
	readonly label: string;
	readonly options?: BrowserContextOptions;
}

/** A browser; close it with `close`. */
export class TestBrowser {
	readonly #browser: Browser;
	/** Everything that the pages logged, for the message of a failure. */
	readonly log: string[] = [];

	constructor(browser: Browser) {
		this.#browser = browser;
	}

	/** Launch Chromium. @throws when it is not installed: scripts/install-test-tools.sh installs it. */
	static async start(flags: readonly string[] = []): Promise<TestBrowser> {
		const args = [...FLAGS, ...flags, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
		return new TestBrowser(
			await chromium.launch({ executablePath: EXECUTABLE, args, ignoreDefaultArgs: ["--disable-quic"] }),
		);
	}

	/** Open a window with a profile of its own. */
	async open({ url, label, options }: Window): Promise<Page> {
		const page = await this.#browser.newPage(options);
		page.on("console", (message) => this.log.push(`${label}: ${message.text()}`));
		page.on("pageerror", (error) => this.log.push(`${label}: ${error.message}`));
		await page.goto(String(url));
		return page;
	}

	async close(): Promise<void> {
		await this.#browser.close();
	}
}
