/**
 * The suite: every family of cells, with its targets.
 * @module
 */
import type { Family, Target, Transport } from "./cell.ts";

const BOTH: readonly Transport[] = ["quic", "webtransport"];
const ALL_ARMS = ["udp", "null", "ours", "rust"] as const;

const VIDEO = { fps: 30, frameBytes: 4000, groupFrames: 60 } as const;
const AUDIO = { fps: 50, frameBytes: 200 } as const;
const CHAT = { fps: 1, frameBytes: 300, groupFrames: 1 } as const;
const NEVER_LATER: readonly Target[] = [
	{ number: "p50_ms", to: "rust", atMost: 1 },
	{ number: "p99_ms", to: "rust", atMost: 1 },
];

/** CPU per frame of ours against another arm. */
function cost(to: "rust" | "null", atMost: number): Target {
	return { number: "server_us_per_frame", to, atMost };
}

/** A family of viewers of whom half are behind a bad network. */
function network(purpose: string, load: Family["load"]): Family {
	return {
		workload: "W16",
		purpose,
		...VIDEO,
		sizes: [20],
		smoke: 20,
		number: "others_p99_ms",
		lossy: true,
		load: { impaired: 10, seed: 1, "latency-ms": 1000, ...load },
		targets: [
			{ number: "others_p99_ms", to: "rust", atMost: 1 },
			{ number: "others_delivered_share", to: "rust", atLeast: 1 },
			{ number: "p99_ms", atMost: 10 },
			// A window cuts each viewer's stream somewhere between two frames.
			{ number: "delivered_share", atLeast: 0.998 },
		],
	};
}

/** The families by name, in the order of the report. */
export const FAMILIES: Readonly<Record<string, Family>> = {
	"fan-sd": {
		workload: "W1",
		purpose: "CPU per delivered frame",
		sizes: [50, 100, 200],
		smoke: 100,
		transports: BOTH,
		arms: ALL_ARMS,
		targets: [cost("rust", 0.4), cost("null", 1.1)],
	},
	latency: {
		workload: "W1",
		purpose: "latency with ten viewers",
		sizes: [10],
		smoke: 10,
		transports: BOTH,
		about: "latency",
		number: "p50_ms",
		targets: [{ number: "p50_ms", atMost: 1 }, { number: "p99_ms", atMost: 4 }, ...NEVER_LATER],
	},
	"fan-hd": {
		workload: "W2",
		purpose: "CPU per byte",
		fps: 30,
		frameBytes: 40_000,
		sizes: [20, 55],
		smoke: 20,
		transports: BOTH,
		arms: ALL_ARMS,
		targets: [cost("rust", 0.6)],
	},
	"moqx-1m": {
		workload: "W3",
		purpose: "1 Mb/s with a large keyframe",
		fps: 30,
		firstBytes: 26_516,
		frameBytes: 3788,
		sizes: [50, 200],
		smoke: 50,
	},
	"evens-video": {
		workload: "W4",
		purpose: "the video of the draft's profile",
		fps: 30,
		firstBytes: 21_333,
		frameBytes: 2666,
		groupFrames: 150,
		sizes: [50, 100, 250],
		smoke: 50,
	},
	"audio-1": {
		workload: "W5",
		purpose: "a stream per frame",
		...AUDIO,
		groupFrames: 1,
		sizes: [50, 100],
		smoke: 100,
		transports: BOTH,
		arms: ALL_ARMS,
		targets: [cost("rust", 0.35), cost("null", 1.3)],
	},
	"audio-10": {
		workload: "W6",
		purpose: "a stream per ten frames",
		...AUDIO,
		groupFrames: 10,
		sizes: [50, 100],
		smoke: 100,
		transports: BOTH,
		arms: ALL_ARMS,
		targets: [cost("rust", 0.35)],
	},
	"chat-1-1": {
		workload: "W7",
		purpose: "CPU per message, flat in N",
		...CHAT,
		sizes: [250, 500, 1000],
		smoke: 250,
		load: { scenario: "ring" },
		targets: [cost("rust", 0.8)],
	},
	rooms: {
		workload: "W8",
		purpose: "many viewers in one to three of ten rooms",
		fps: 5,
		frameBytes: 300,
		groupFrames: 1,
		sizes: [500],
		smoke: 100,
		load: { scenario: "halls" },
		targets: [cost("rust", 0.8)],
	},
	"meet-6": {
		workload: "W9",
		purpose: "conferences of six, sound and pictures",
		sizes: [12, 24],
		smoke: 12,
		load: { scenario: "rooms", room: 6 },
		targets: [cost("rust", 0.5)],
	},
	"join-warm": {
		workload: "W10",
		purpose: "time from connect to the first complete keyframe",
		sizes: [10],
		smoke: 10,
		number: "storm_join_p50_ms",
		windowSeconds: 5,
		load: { scenario: "join", joiners: 40, "join-seconds": 10 },
		targets: [
			{ number: "storm_join_p50_ms", atMost: 15 },
			{ number: "storm_join_p50_ms", to: "rust", atMost: 1 },
		],
	},
	"join-storm": {
		workload: "W11",
		purpose: "200 viewers in a second beside established ones",
		sizes: [20],
		smoke: 20,
		number: "us_per_join",
		windowSeconds: 6,
		load: { scenario: "join", joiners: 200, "join-seconds": 1 },
		targets: [
			{ number: "us_per_join", to: "rust", atMost: 0.5 },
			{ number: "storm_p99_ratio", atMost: 1.3 },
			{ number: "joins_failed", atMost: 0 },
			{ number: "main_us_per_join", atMost: 300 },
		],
	},
	"announce-storm": {
		workload: "W12",
		purpose: "1000 broadcasts shown to 50 listeners, then changes",
		sizes: [100],
		smoke: 100,
		number: "server_us_per_announcement",
		load: { scenario: "announce" },
		targets: [{ number: "announced_elsewhere", atMost: 0 }],
	},
	hops: {
		workload: "W13",
		purpose: "latency through relays in a row",
		hops: true,
		sizes: [1, 2, 3, 4],
		smoke: 2,
		about: "latency",
		number: "p50_ms",
	},
	slow: {
		workload: "W15",
		purpose: "one viewer at 200 kb/s and one that never reads, beside others",
		sizes: [20],
		smoke: 20,
		about: "latency",
		number: "slow_p99_ms",
		load: { scenario: "slow" },
		targets: [
			{ number: "slow_p99_ratio", atMost: 1.1 },
			{ number: "slow_delivered_share", atLeast: 0.999 },
		],
	},
	"loss-1": network("1 % loss, 40 ms round trip", { loss: 0.01, "delay-ms": 20, "jitter-ms": 5 }),
	"loss-5": network("5 % loss, 40 ms round trip", { loss: 0.05, "delay-ms": 20, "jitter-ms": 5 }),
	"loss-20": network("20 % loss, 40 ms round trip", { loss: 0.2, "delay-ms": 20, "jitter-ms": 5 }),
	far: network("200 ms round trip", { "delay-ms": 100 }),
	"rate-drop": network("from 10 to 1 Mb/s in the middle", {
		frame: 20_000,
		"rate-kbps": 10_000,
		"rate-after-kbps": 1000,
		"rate-at": 8,
		"delay-ms": 10,
	}),
	memory: {
		workload: "W17",
		purpose: "memory of idle and of active viewers, and what remains when all left",
		sizes: [200],
		smoke: 100,
		number: "kb_per_viewer",
		windowSeconds: 6,
		load: { scenario: "memory", linger: 10 },
		targets: [
			{ number: "kb_per_viewer", atMost: 80 },
			{ number: "idle_kb_per_connection", atMost: 50 },
			{ number: "residue_share", atMost: 0.1 },
		],
	},
	idle: {
		workload: "W17",
		purpose: "CPU and memory of idle connections",
		sizes: [1000],
		smoke: 1000,
		number: "server_cpu_share",
		load: { scenario: "idle" },
		targets: [
			{ number: "server_cpu_share", to: "rust", atMost: 0.2 },
			{ number: "idle_kb_per_connection", to: "rust", atMost: 0.05 },
		],
	},
	soak: {
		workload: "W18",
		purpose: "half an hour of memory",
		frameBytes: 1000,
		groupFrames: 4,
		sizes: [20],
		number: "rss_kb_per_minute",
		windowSeconds: 1800,
		arms: ["ours"],
		targets: [{ number: "rss_kb_per_minute", atMost: 64 }],
	},
	"soak-fast": {
		workload: "W18",
		purpose: "the groups of half an hour in a minute and a half: 500 a second, one frame each",
		fps: 500,
		frameBytes: 200,
		groupFrames: 1,
		sizes: [10],
		number: "rss_kb_per_minute",
		windowSeconds: 90,
		arms: ["ours"],
		targets: [{ number: "rss_kb_per_minute", atMost: 1024 }],
	},
	fetch: {
		workload: "W19",
		purpose: "a hundred FETCHes of groups that are past",
		fps: 30,
		groupFrames: 15,
		sizes: [10],
		smoke: 10,
		number: "fetch_p50_ms",
		load: { scenario: "fetch" },
		server: ["--cache-duration", "60s"],
		targets: [{ number: "fetches_failed", atMost: 0 }],
	},
	rebind: {
		workload: "cores",
		purpose: "every viewer goes on from another port in the middle",
		sizes: [100],
		smoke: 50,
		number: "delivered_share",
		lossy: true,
		load: { scenario: "rebind" },
		ours: ["--server-threads", "4"],
		arms: ["ours"],
		targets: [{ number: "delivered_share", atLeast: 0.999 }],
	},
	"wss-beside": {
		workload: "web",
		purpose: "100 viewers over QUIC, with and without 200 over wss beside them",
		sizes: [100],
		smoke: 50,
		number: "engine_us_per_frame",
		load: { scenario: "web", "web-viewers": 200 },
		targets: [
			{ number: "web_engine_ratio", atMost: 1.05 },
			{ number: "us_per_web_frame", to: "rust", atMost: 1.5 },
		],
	},
	"threads-2": { workload: "cores", purpose: "two threads carry 1.7 times as much", sizes: [400], cores: 8 },
	"threads-4": { workload: "cores", purpose: "four threads carry 3.2 times as much", sizes: [800], cores: 8 },
};

/** Families of which a smoke run compares with the Rust relay. */
export const SMOKE_RUST: readonly string[] = ["fan-sd", "audio-1", "chat-1-1"];
