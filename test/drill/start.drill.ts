import assert from "node:assert/strict";
import { test } from "node:test";
import { TestBrowser } from "../browser/chromium.ts";
import { DemoPage } from "../browser/demo-page.ts";
import { freePort } from "../relay-process.ts";
import { StartProcess } from "../start/start-process.ts";
import { sized, spread } from "./scale.ts";

const TIMES = sized(5, 1);

test("drill: npm start ends within 2 s of Ctrl-C while a page plays", async (t) => {
	const browser = await TestBrowser.start();
	const ready: number[] = [];
	const ended: number[] = [];
	try {
		for (let time = 0; time < TIMES; time++) {
			const port = await freePort();
			const began = performance.now();
			const start = new StartProcess(["--port", String(port)]);
			try {
				await start.says(/Ctrl-C ends everything/);
				ready.push(performance.now() - began);
				const page = await DemoPage.open(browser, `http://localhost:${port}/`);
				await page.paints();
				const asked = performance.now();
				start.signalGroup("SIGINT");
				assert.equal(await start.ended(), 0);
				ended.push(performance.now() - asked);
				await page.close();
			} finally {
				start.abandon();
			}
		}
		t.diagnostic(`ready after ${spread(ready)} when built; ended after ${spread(ended)}`);
		assert.ok(Math.max(...ended) <= 2000);
	} finally {
		await browser.close();
	}
});
