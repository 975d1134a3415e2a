/** How long viewers wait when an origin, or the relay that they are at, is killed; `moq publish` and relays as processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { moq, said } from "../cli/moq.ts";
import { CLIP } from "../publisher-process.ts";
import { FrameViewer } from "../redundancy/frame-viewer.ts";
import { Site } from "../redundancy/site.ts";
import type { RelayProcess } from "../relay-process.ts";
import { eventually } from "../rust/eventually.ts";
import type { Program } from "../rust/program.ts";
import { sized, spread } from "./scale.ts";

const KILLS = sized(10, 2);
/** Frames that count as the picture's return: more than a group of the clip. */
const RETURNED = 75;
const NAME = "clip.hang";

/** What one run found. */
interface Outcome {
	readonly gaps: readonly number[];
	readonly viewer: FrameViewer;
}

test("drill: both origins are published to, and one is killed: viewers wait less than a second", async (t) => {
	await using site = await Site.create();
	const origins = [await site.relay(), await site.relay()];
	const edge = await site.relay(origins);
	await using publisher = publish(origins, ["--mode", "both"]);
	using viewer = new FrameViewer({ urls: [edge.url("/")], broadcast: NAME, track: "video0" });
	await viewer.more(RETURNED);
	const gaps: number[] = [];
	for (let kill = 0; kill < KILLS; kill++) {
		gaps.push(await measure(viewer, origins[0]));
		const { port } = origins[0] as RelayProcess;
		const before = [count(publisher.log, /connected again/), count(edge.log, /cluster\.up/)] as const;
		origins[0] = await site.relay([], port);
		await eventually(() => {
			assert.ok(count(publisher.log, /connected again/) > before[0], publisher.log.join("\n"));
			assert.ok(count(edge.log, /cluster\.up/) > before[1], edge.log.join("\n"));
		});
		// The edge prefers the first: it is back there.
		await viewer.more(RETURNED);
	}
	conclude(t, { gaps, viewer }, 1000);
});

test("drill: the publisher fails over to the passive origin: viewers wait less than 3 s", async (t) => {
	await using site = await Site.create();
	const origins = [await site.relay(), await site.relay()];
	const edge = await site.relay(origins);
	await using publisher = publish(origins, ["--mode", "failover", "--return-after", "never"]);
	using viewer = new FrameViewer({ urls: [edge.url("/")], broadcast: NAME, track: "video0" });
	await viewer.more(RETURNED);
	const gaps: number[] = [];
	for (let kill = 0; kill < KILLS; kill++) {
		const at = kill % 2;
		gaps.push(await measure(viewer, origins[at]));
		const links = count(edge.log, /cluster\.up/);
		origins[at] = await site.relay([], origins[at]?.port);
		await eventually(() => assert.ok(count(edge.log, /cluster\.up/) > links, edge.log.join("\n")));
	}
	assert.ok(count(publisher.log, /connected/) > KILLS);
	conclude(t, { gaps, viewer }, 3000);
});

test("drill: a viewer's relay is killed, and it goes on at the other one of its region within 3 s", async (t) => {
	await using site = await Site.create();
	const origin = await site.relay();
	const region = [await site.relay([origin]), await site.relay([origin])];
	await using publisher = publish([origin], []);
	await said(publisher, /connected/);
	const urls = region.map((relay) => relay.url("/"));
	using viewer = new FrameViewer({ urls, broadcast: NAME, track: "video0" });
	await viewer.more(RETURNED);
	const gaps: number[] = [];
	for (let kill = 0; kill < KILLS; kill++) {
		const at = urls.findIndex(({ href }) => href === viewer.url?.href);
		gaps.push(await measure(viewer, region[at]));
		region[at] = await site.relay([origin], region[at]?.port);
		await eventually(() => assert.match(region[at]?.log.join("\n") ?? "", /cluster\.up/));
	}
	conclude(t, { gaps, viewer }, 3000);
});

function publish(relays: readonly RelayProcess[], flags: readonly string[]): Program {
	const urls = relays.flatMap((relay) => ["--url", relay.url("/").href]);
	return moq(["publish", ...urls, ...flags, "--name", NAME, "--loop", CLIP]);
}

/** Kill a relay at a random moment; the longest time without a frame until the picture is back, in ms. */
async function measure(viewer: FrameViewer, relay: RelayProcess | undefined): Promise<number> {
	await new Promise((resolve) => setTimeout(resolve, Math.random() * 2000));
	viewer.resetGap();
	await relay?.stop("SIGKILL");
	await viewer.more(RETURNED);
	return viewer.gapMs;
}

function conclude(t: { diagnostic(message: string): void }, { gaps, viewer }: Outcome, boundMs: number): void {
	const { frames, missing, cut, faults } = viewer;
	t.diagnostic(`${gaps.length} kills, viewers waited ${spread(gaps)}`);
	t.diagnostic(`${frames} frames, ${missing} groups missing, ${cut} cut short, ${faults.length} faults`);
	assert.deepEqual(faults, []);
	assert.ok(Math.max(...gaps) < boundMs, `${Math.max(...gaps)} ms`);
}

function count(log: readonly string[], pattern: RegExp): number {
	return log.filter((line) => pattern.test(line)).length;
}
