import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResults, section } from "./chart.ts";
import { derived } from "./derived.ts";
import { costing, MACHINE, run } from "./fixture.test.ts";
import { report } from "./report.ts";
import { scripting } from "./scripting.ts";

const RUNS = [
	costing("ours", 0, 10),
	costing("rust", 0, 40),
	costing("control", 0, 10.1),
	run("rust", 1, { refusals: ["the publisher was late by 5 ms (p99)"] }),
];
const REMARKS = { notMeasured: ["threads-2: not measured here"], scripting: [] };

test("report() has the verdict, the control, the refused run with its reason, and what was not measured", () => {
	const page = report(RUNS, MACHINE, REMARKS);
	assert.match(page, /W1 fan-sd N=50 quic: \*\*met\*\* server_us_per_frame, ours \/ rust ≤ 0\.4: 0\.250/);
	assert.match(page, /`control` \/ `ours`: median 1\.010/);
	assert.match(page, /Refused \(rust, round 2\): the publisher was late/);
	assert.match(page, /- threads-2: not measured here/);
	assert.match(page, /\| rust \| 1\/2 \| 40\.00 \|/);
	assert.doesNotMatch(page, /NaN/);
});

test("parseResults() reads back what is written, and section() draws it with foreign text escaped", () => {
	const lines = [{ environment: MACHINE }, ...RUNS].map((line) => JSON.stringify(line)).join("\n");
	const results = parseResults(`${lines}\n`);
	assert.equal(results.runs.length, RUNS.length);
	const svg = section(results);
	assert.match(svg, /<svg /);
	assert.doesNotMatch(svg, /<Processor>|NaN/);
});

test("derived() counts memory per viewer, and a join beyond what its frames cost", () => {
	// 1000 µs a second whatever happens, 10 µs a frame, 300 µs a join.
	const numbers = {
		server_rss_kb_before: 100,
		rss_warm_kb: 1000,
		rss_active_kb: 2000,
		rss_left_kb: 1100,
		seconds: 2,
		frames: 200,
		server_us: 2 * 1000 + 200 * 10,
		storm_seconds: 1,
		storm_frames: 100,
		storm_others_frames: 400,
		storm_joins: 10,
		storm_server_us: 1000 + 500 * 10 + 10 * 300,
		after_seconds: 1,
		after_frames: 100,
		after_others_frames: 900,
		after_server_us: 1000 + 1000 * 10,
	};
	const out = derived(numbers, [], { viewers: 20 });
	assert.equal(out["kb_per_viewer"], 50);
	assert.equal(out["residue_share"], 0.1);
	assert.ok(Math.abs((out["us_per_join"] ?? 0) - 300) < 1e-6);
	assert.equal(out["slow_p99_ratio"], undefined);
});

test("derived() draws the line of a soak after its warm-up", () => {
	const grows = Array.from({ length: 100 }, (_, at) => [0, 0, 0, 0, at < 20 ? at * 1000 : 20_000 + at, 0] as const);
	assert.ok(Math.abs((derived({}, grows, { viewers: 1 })["rss_kb_per_minute"] ?? 0) - 60) < 1e-6);
});

test("scripting() tells delivered groups, delivered frames and ingested frames apart", () => {
	// 3 µs an ingested frame, 1 µs a delivered group, 0.01 µs a delivered frame; the cells are those of two sizes.
	const made = (name: string, size: number, what: { fps: number; groups: number }): (typeof RUNS)[number] => {
		const [frames, groups] = [what.fps * size, what.groups * size];
		const us = 3 * what.fps + groups + 0.01 * frames;
		const base = run("ours", 0);
		const cell = { ...base.cell, id: `${name} N=${size} quic`, viewers: size, fps: what.fps };
		return { ...base, cell, numbers: { seconds: 1, main_us: us, frames, groups } };
	};
	const audio = [10, 100].map((size) => made("audio-1", size, { fps: 50, groups: 50 }));
	const video = [10, 100].map((size) => made("fan-sd", size, { fps: 60, groups: 1 }));
	const lines = scripting([...audio, ...video]);
	assert.equal(lines.length, 3);
	assert.match(lines[0] ?? "", /met.*delivered group ≤ 2: 1\.0/);
	assert.deepEqual(scripting(audio), []);
});
