/** The guide's redundancy with real processes: publisher, origins, edges and viewers; whatever is killed, a recording lacks nothing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { moq, mustExit, said } from "../cli/moq.ts";
import type { RelayProcess } from "../relay-process.ts";
import { type Clip, makeClip, packetsOf, verifyRecording } from "../rust/clip.ts";
import { eventually } from "../rust/eventually.ts";
import { Site } from "./site.ts";

const EVERYTHING = { lateMs: 0, lostMs: 0 };
let site: Site;
let clip: Clip;

before(async () => {
	site = await Site.create();
	clip = makeClip(join(site.folder, "clip.mp4"), 660);
});

after(async () => {
	await site[Symbol.asyncDispose]();
});

for (const mode of ["both", "failover"]) {
	test(`moq publish --mode ${mode}: an origin is killed in the middle, and viewers behind an edge get every frame once`, async () => {
		const origins = [await site.relay(), await site.relay()] as const;
		const edge = await site.relay(origins);
		const name = `${mode}.hang`;
		const file = join(site.folder, `${mode}.mp4`);
		await using viewer = moq(["subscribe", ...urls(edge), "--name", name, "-o", file]);
		await said(viewer, /waiting for/);
		await linked(edge, 2);
		await using publisher = moq(["publish", ...urls(...origins), "--mode", mode, "--name", name, clip.file]);
		await said(viewer, /00:01/);
		await origins[0].stop("SIGKILL");
		for (const program of [publisher, viewer]) await mustExit(program, 0);
		verifyRecording(file, clip, EVERYTHING);
		assert.doesNotMatch(viewer.log.join("\n"), /broke off|trying again/, "the viewer's own session went on");
	});
}

test("moq subscribe --url A --url B: goes on at the other relay of its region, and loses no frame", async () => {
	const origin = await site.relay();
	const region = [await site.relay([origin]), await site.relay([origin])] as const;
	const file = join(site.folder, "region.mp4");
	await using viewer = moq(["subscribe", ...urls(...region), "--name", "region.hang", "-o", file]);
	await said(viewer, /waiting for/);
	await linked(region[1], 1);
	await using publisher = moq(["publish", ...urls(origin), "--name", "region.hang", clip.file]);
	await said(viewer, /00:01/);
	await region[0].stop("SIGKILL");
	for (const program of [publisher, viewer]) await mustExit(program, 0);
	verifyRecording(file, clip, EVERYTHING);
	assert.match(viewer.log.join("\n"), /trying again now[^]*connected to/);
});

test("moq publish goes back to its first origin when that has returned, and a recording shows no seam", async () => {
	const first = await site.relay();
	const second = await site.relay();
	const edge = await site.relay([first, second]);
	const file = join(site.folder, "back.mp4");
	const to = [...urls(first, second), "--return-after", "1s"];
	await using viewer = moq(["subscribe", ...urls(edge), "--name", "back.hang", "-o", file]);
	await said(viewer, /waiting for/);
	await linked(edge, 2);
	await using publisher = moq(["publish", ...to, "--name", "back.hang", "--loop", clip.file]);
	await said(viewer, /00:01/);
	await first.stop("SIGKILL");
	await said(publisher, new RegExp(`connected to .*:${second.port}/`));
	await site.relay([], first.port);
	await said(publisher, new RegExp(`connected again to .*:${first.port}/`));
	// The session with the second has ended, or what follows would be a failure more.
	await eventually(() => assert.match(second.log.join("\n"), /session\.close.*"bytesReceived":[1-9]/));
	await second.stop("SIGKILL");
	const atMs = packetCount(viewer.log);
	await eventually(() => assert.ok(packetCount(viewer.log) > atMs + 3, "it goes on without the second"));
	assert.equal(await viewer.stop("SIGINT"), 0);
	assert.equal(await publisher.stop("SIGINT"), 0);
	const { video } = packetsOf(file);
	const begin = clip.video.findIndex(({ sha256 }) => sha256 === video[0]?.sha256);
	for (const [at, { sha256 }] of video.entries()) {
		assert.equal(sha256, clip.video[(begin + at) % clip.video.length]?.sha256, `video packet ${at}`);
	}
});

function urls(...relays: readonly RelayProcess[]): string[] {
	return relays.flatMap((relay) => ["--url", relay.url("/").href]);
}

/** Resolves when the relay has so many links. */
async function linked(relay: RelayProcess, links: number): Promise<void> {
	await eventually(() => {
		assert.ok(relay.log.filter((line) => line.includes("cluster.up")).length >= links, relay.log.join("\n"));
	});
}

/** Seconds that a viewer says it has recorded. */
function packetCount(log: readonly string[]): number {
	const [, minutes = 0, seconds = 0] = /(\d\d):(\d\d)/.exec(log.at(-1) ?? "") ?? [];
	return Number(minutes) * 60 + Number(seconds);
}
