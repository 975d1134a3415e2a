import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingViewer, VirtualClock } from "@moq-relay/testkit";
import { Code } from "@moq-relay/wire";
import { Broadcast } from "./broadcast.ts";
import { Cache } from "./cache.ts";
import type { Group } from "./group.ts";
import { type Frame, readGroup } from "./group-reader.ts";
import { LOCAL_GROUPS_MAX } from "./limits.ts";
import { LocalBroadcast, type LocalBroadcastOptions } from "./local-broadcast.ts";
import type { SubscribeRequest } from "./source.ts";

const REQUEST: SubscribeRequest = {
	priority: 5,
	ordered: false,
	latencyMs: 100,
	startGroup: undefined,
	endGroup: undefined,
};

function setUp(options: LocalBroadcastOptions = {}) {
	const clock = new VirtualClock();
	const cache = new Cache(1_000_000);
	const settings = { clock, cache, cacheMs: undefined, trackLingerMs: 100, onFault: unexpected };
	const local = new LocalBroadcast(options);
	return { clock, local, broadcast: new Broadcast({ path: "demo", settings, source: local }) };
}

function unexpected(): void {
	assert.fail("must not be called");
}

function frame(timestamp: number, text: string): Frame {
	return { timestamp, payload: new Uint8Array(Buffer.from(text)) };
}

function textOf(group: Group | undefined): string[] {
	const text: string[] = [];
	assert.ok(group);
	readGroup(group, {
		onFrame: ({ timestamp, payload }) => text.push(`${timestamp} ${Buffer.from(payload).toString()}`),
		onEnd: () => text.push("end"),
		onAbort: (code) => text.push(`abort ${code}`),
	});
	return text;
}

test("LocalBroadcast serves its tracks frame by frame, to early and late viewers", () => {
	const { local, broadcast } = setUp();
	const track = local.track("chat", { timescale: 48_000 });
	const early = new RecordingViewer();
	broadcast.subscribe("chat", REQUEST, early);
	const group = track.group();
	group.frame(frame(10, "hello"));
	const late = new RecordingViewer("lite-01");
	broadcast.subscribe("chat", REQUEST, late);
	group.frame(frame(7, "world"));
	group.finish();
	track.group().abort(70);
	for (const viewer of [early, late]) {
		assert.deepEqual(viewer.events, ["info 48000", "group 0", "group 1"]);
		assert.equal(viewer.groups[1]?.end(), 70);
	}
	assert.deepEqual(textOf(early.groups[0]?.group), ["10 hello", "7 world", "end"]);
	assert.equal(Buffer.from(late.groups[0]?.bytes() ?? []).toString(), "\x05hello\x05world");
	track.end();
	assert.equal(late.last, "end 2");
	assert.throws(() => track.group(), TypeError);
});

test("LocalBroadcast keeps the latest groups of each track for who comes first", () => {
	const { local, broadcast } = setUp();
	const track = local.track("chat");
	for (let sequence = 0; sequence <= LOCAL_GROUPS_MAX; sequence++) {
		const group = track.group();
		group.frame(frame(0, `${sequence}`));
		group.finish();
	}
	track.group().abort(1);
	const latest = new RecordingViewer();
	broadcast.subscribe("chat", REQUEST, latest);
	assert.deepEqual(latest.sequences, [LOCAL_GROUPS_MAX], "the latest that is whole");
	const { broadcast: other } = {
		broadcast: new Broadcast({ path: "other", settings: setUpSettings(), source: local }),
	};
	const all = new RecordingViewer();
	other.subscribe("chat", { ...REQUEST, startGroup: 0 }, all);
	assert.deepEqual(all.sequences, [2, 3, 4, 5, 6, 7, 8]);
	const fetched: number[] = [];
	const sink = {
		onGroup: (group: Group) => fetched.push(group.sequence),
		onError: (code: number) => fetched.push(-code),
	};
	other.fetch("chat", { group: 0, priority: 0 }, sink);
	other.fetch("chat", { group: 3, priority: 0 }, sink);
	assert.deepEqual(fetched, [-Code.NotFound, 3]);
});

function setUpSettings() {
	return { clock: new VirtualClock(), cache: new Cache(1000), cacheMs: 0, trackLingerMs: 0, onFault: unexpected };
}

test("LocalBroadcast shows who wants what, and refuses tracks it does not know", () => {
	const demands: string[] = [];
	const unknown: string[] = [];
	const { clock, local, broadcast } = setUp({
		onDemand: (track, request) => demands.push(`${track.name} ${request?.priority}`),
		onUnknown: (name) => {
			unknown.push(name);
			if (name === "made") local.track(name);
		},
	});
	const track = local.track("chat");
	const subscription = broadcast.subscribe("chat", REQUEST, new RecordingViewer());
	assert.equal(track.demand?.priority, 5);
	subscription.update({ ...REQUEST, priority: 8 });
	clock.run(1000);
	subscription.close();
	clock.run(2000);
	assert.deepEqual(demands, ["chat 5", "chat 8", "chat undefined"]);
	const viewers = ["none", "made"].map((name) => {
		const viewer = new RecordingViewer();
		broadcast.subscribe(name, REQUEST, viewer);
		return viewer.events;
	});
	assert.deepEqual(viewers, [["error 13"], ["info 1000"]]);
	assert.deepEqual(unknown, ["none", "made"]);
	const infos: number[] = [];
	broadcast.info("none", unexpected, (code) => infos.push(code));
	broadcast.info("chat", (info) => infos.push(info.timescale), unexpected);
	assert.deepEqual(infos, [13, 1000]);
	assert.throws(() => local.track("chat"), TypeError);
	assert.throws(() => track.group().frame(frame(-1, "")), RangeError);
});

test("LocalTrack.datagram() reaches those who are there, with its own sequence", () => {
	const { local, broadcast } = setUp();
	const track = local.track("chat");
	const viewer = new RecordingViewer();
	broadcast.subscribe("chat", REQUEST, viewer);
	track.datagram(frame(3, "a"));
	track.group().finish();
	track.datagram(frame(4, "b"));
	assert.deepEqual(viewer.events, ["info 1000", "datagram 0", "group 1", "datagram 2"]);
	assert.equal(viewer.datagrams[1]?.timestamp, 4);
	track.abort(66);
	assert.equal(viewer.last, "error 66");
});

test("LocalBroadcast.end() ends every track", () => {
	const { local, broadcast } = setUp();
	local.track("chat");
	const viewer = new RecordingViewer();
	broadcast.subscribe("chat", REQUEST, viewer);
	local.end();
	assert.equal(viewer.last, "end 0");
	const next = local.track("chat");
	next.group().finish();
});
