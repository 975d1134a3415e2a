import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { TestBrowser } from "./chromium.ts";

/** Longest wait for anything, in ms: far above what any machine needs, so that only a hang meets it. */
const HANG_MS = 60_000;

/** The relay's page in a window of the test browser. */
export class DemoPage {
	readonly page: Page;
	readonly #browser: TestBrowser;

	constructor(page: Page, browser: TestBrowser) {
		this.page = page;
		this.#browser = browser;
	}

	/** Open the page at an address. */
	static async open(browser: TestBrowser, url: URL | string): Promise<DemoPage> {
		return new DemoPage(await browser.open({ url, label: "page", options: { ignoreHTTPSErrors: true } }), browser);
	}

	/** Text of an element; "" while it is hidden. */
	async text(selector: string): Promise<string> {
		const element = this.page.locator(selector);
		return (await element.isVisible()) ? ((await element.textContent()) ?? "") : "";
	}

	/** Wait until an element says what matches. */
	async says(selector: string, pattern: RegExp): Promise<string> {
		let text = "";
		await this.#until(`${selector} to match ${pattern}`, async () => {
			text = await this.text(selector);
			return pattern.test(text);
		});
		return text;
	}

	/** Wait until an expression has this value in the page. */
	async becomes(expression: string, value: string | number): Promise<void> {
		await this.#until(`${expression} to be ${value}`, async () => (await this.page.evaluate(expression)) === value);
	}

	/** Wait until the picture of the watch tab has changed so many times from now on. */
	async paints(pictures = 10): Promise<void> {
		let changes = -1;
		let last = "";
		await this.#until(`${pictures} pictures`, async () => {
			const seen: string = await this.page.evaluate(THUMBNAIL);
			if (seen !== last) changes += 1;
			last = seen;
			return changes >= pictures;
		});
	}

	async close(): Promise<void> {
		await this.page.close();
	}

	async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
		const endMs = performance.now() + HANG_MS;
		while (!(await isSo())) {
			if (performance.now() > endMs) {
				const shown = await this.page.locator("body").innerText();
				assert.fail(
					`waited in vain for ${what}; the page shows:\n${shown}\n${this.#browser.log.slice(-30).join("\n")}`,
				);
			}
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}

/** The picture, small. */
const THUMBNAIL = `(() => {
	const canvas = document.querySelector("#player canvas");
	if (canvas === null || canvas.width === 0) return "";
	const context = new OffscreenCanvas(32, 18).getContext("2d");
	context.drawImage(canvas, 0, 0, 32, 18);
	return context.getImageData(0, 0, 32, 18).data.join();
})()`;
