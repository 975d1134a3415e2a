import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, LocalBroadcast, Origin } from "@moq-relay/core";
import { RelayProcess } from "../relay-process.ts";
import { sized } from "./scale.ts";
import { Viewer } from "./viewer.ts";

const SECONDS = sized(300, 20);
const GROUPS_PER_SECOND = 500;
const FRAME_BYTES = 200;
/** Between two looks at the clock, in ms. */
const TICK_MS = 10;
/** Memory is looked at so often, and only after the first fifth: caches and code settle first. */
const SAMPLE_MS = 2000;
/** Growth that is no leak but noise, in KiB per minute. */
const GROWTH_KIB_MAX = 1024;
/** Left alone, V8 lets garbage lie for minutes on a machine with memory to spare, and that would look like a leak. */
const TIDY_HEAP = ["--max-old-space-size=64", "--max-semi-space-size=4"];

test("drill: groups of one frame, 500 a second: memory does not grow, nothing is lost", async (t) => {
	const relay = await RelayProcess.start(["--auth-public", ""], { node: TIDY_HEAP });
	const url = relay.url("/demo");
	const origin = new Origin({ clock: systemClock, id: 77 });
	const link = new Link({
		urls: [url],
		origin,
		grant: { ...GRANT_ALL, cluster: false },
		dial: (to, signal) => dial(to, { signal }),
		sink: { onUp: () => {}, onDown: () => {} },
	});
	const broadcast = new LocalBroadcast();
	const track = broadcast.track("audio", { timescale: 1000 });
	origin.announce("soak", { hops: [], cost: 0 }, broadcast);
	const task = { broadcast: "soak", track: "audio" };
	const viewers = [
		new Viewer({ ...task, url }),
		new Viewer({ ...task, url: new URL(url.href.replace("http:", "ws:")) }),
	];
	const samples: Sample[] = [];
	try {
		const began = performance.now();
		let sent = 0;
		while (performance.now() - began < SECONDS * 1000) {
			const due = Math.floor(((performance.now() - began) / 1000) * GROUPS_PER_SECOND);
			for (; sent < due; sent++) {
				const group = track.group();
				group.frame({ timestamp: sent * 2, payload: new Uint8Array(FRAME_BYTES).fill(sent) });
				group.finish();
			}
			const atMs = performance.now() - began;
			if (atMs - (samples.at(-1)?.atMs ?? 0) > SAMPLE_MS) samples.push({ atMs, kib: residentKib(relay.pid) });
			await new Promise((resolve) => setTimeout(resolve, TICK_MS));
		}
		const settled = samples.filter(({ atMs }) => atMs > SECONDS * 200);
		const slope = slopePerMinute(settled);
		for (const [at, { groups, missing, cut, log }] of viewers.entries()) {
			t.diagnostic(`viewer ${log[0] ?? at}: ${groups} of ${sent} groups, ${missing} missing, ${cut} cut short`);
		}
		t.diagnostic(
			`resident memory of the relay: ${settled[0]?.kib} KiB at first, ${settled.at(-1)?.kib} KiB at last, ${slope.toFixed(0)} KiB/min over ${SECONDS} s`,
		);
		for (const { groups } of viewers) assert.ok(groups > sent * 0.99, `${groups} of ${sent} groups`);
		if (SECONDS >= 60) assert.ok(slope < GROWTH_KIB_MAX, `it grows by ${slope.toFixed(0)} KiB a minute`);
	} finally {
		for (const viewer of viewers) viewer.close();
		link.close();
		await relay.stop();
	}
});

interface Sample {
	readonly atMs: number;
	readonly kib: number;
}

function residentKib(pid: number): number {
	return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

/** Least squares: KiB a minute. */
function slopePerMinute(samples: readonly Sample[]): number {
	const count = samples.length;
	const x = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count;
	const y = samples.reduce((sum, { kib }) => sum + kib, 0) / count;
	const covariance = samples.reduce((sum, { atMs, kib }) => sum + (atMs - x) * (kib - y), 0);
	const variance = samples.reduce((sum, { atMs }) => sum + (atMs - x) ** 2, 0);
	return (covariance / variance) * 60_000;
}
