import assert from "node:assert/strict";
import { test } from "node:test";
import { PublisherProcess } from "../publisher-process.ts";
import { RelayProcess } from "../relay-process.ts";
import { sized, spread } from "./scale.ts";
import { Viewer } from "./viewer.ts";

const RESTARTS = sized(10, 2);
const KILLS = sized(3, 1);
/** Frames that count as the picture's return: half a second of them. */
const RETURNED = 15;
/** A publisher starts, dials and announces; nothing waits for a timeout. */
const PUBLISHER_BACK_MS = 10_000;
/** A viewer has to find out that its relay is gone, which takes QUIC's idle timeout where nobody says so. */
const RELAY_BACK_MS = 45_000;

function viewers(relay: RelayProcess): Viewer[] {
	const shared = { broadcast: "clip.hang", track: "video0" };
	const plain = relay.url("/demo");
	const urls = [plain, new URL(plain.href.replace("http:", "ws:")), new URL(plain.href.replace("http:", "ws:"))];
	return urls.map((url) => new Viewer({ ...shared, url }));
}

test("drill: viewers go on across restarts of the publisher", async (t) => {
	const relay = await RelayProcess.start();
	const watching = viewers(relay);
	let publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const times: number[] = [];
	try {
		await Promise.all(watching.map((viewer) => viewer.more(RETURNED)));
		for (let restart = 0; restart < RESTARTS; restart++) {
			await publisher.stop(restart % 2 === 0 ? "SIGTERM" : "SIGKILL");
			const back = watching.map((viewer) => viewer.more(RETURNED));
			const began = performance.now();
			publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
			await Promise.all(back);
			times.push(performance.now() - began);
		}
		t.diagnostic(`${RESTARTS} restarts, ${watching.length} viewers, all back after ${spread(times)}`);
		assert.ok(Math.max(...times) < PUBLISHER_BACK_MS);
	} finally {
		for (const viewer of watching) viewer.close();
		await publisher.stop("SIGKILL");
		await relay.stop();
	}
});

test("drill: viewers and publisher come back after kill -9 of the relay", async (t) => {
	let relay = await RelayProcess.start();
	const { port } = relay;
	const watching = viewers(relay);
	const publisher = new PublisherProcess(relay.url("/demo"), "clip.hang");
	const times: number[] = [];
	try {
		await Promise.all(watching.map((viewer) => viewer.more(RETURNED)));
		for (let kill = 0; kill < KILLS; kill++) {
			await relay.stop("SIGKILL");
			const back = watching.map((viewer) => viewer.more(RETURNED));
			relay = await RelayProcess.start(["--auth-public", ""], { port });
			const began = performance.now();
			await Promise.all(back);
			times.push(performance.now() - began);
		}
		t.diagnostic(`${KILLS} kills, ${watching.length} viewers, all back after ${spread(times)}`);
		assert.ok(Math.max(...times) < RELAY_BACK_MS, watching.flatMap(({ log }) => log).join("\n"));
	} finally {
		for (const viewer of watching) viewer.close();
		await publisher.stop("SIGKILL");
		await relay.stop();
	}
});
