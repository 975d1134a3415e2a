import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingViewer, ScriptedSource, VirtualClock } from "@moq-relay/testkit";
import {
	ANNOUNCEMENTS_PER_PATH_MAX,
	BROADCAST_LINGER_MS,
	BROADCASTS_MAX,
	HOLD_DOWN_MS,
	PUBLISHER_TIE_MS,
	WITHDRAWN_MS,
} from "../model/limits.ts";
import type { OriginId, Route } from "../model/route.ts";
import type { Source, SubscribeRequest } from "../model/source.ts";
import type { Announcement } from "./announcement.ts";
import { Origin } from "./origin.ts";
import type { WatchSink } from "./watch.ts";

const ID = 1000;
const REQUEST: SubscribeRequest = {
	priority: 5,
	ordered: false,
	latencyMs: 100,
	startGroup: undefined,
	endGroup: undefined,
};
const BODY = Uint8Array.of(0, 1, 42);

function setUp() {
	const clock = new VirtualClock();
	const faults: unknown[] = [];
	const origin = new Origin({ clock, id: ID, onFault: (thrown) => faults.push(thrown) });
	const announce = (path: string, hops: readonly OriginId[], options: { cost?: number; source?: Source } = {}) => {
		const route = { hops, cost: options.cost ?? 0 };
		const announcement = origin.announce(path, route, options.source ?? new ScriptedSource());
		assert.ok(typeof announcement !== "string", "refused");
		return announcement;
	};
	const watch = (prefix: string, excludeHop?: OriginId) => {
		const events: string[] = [];
		const running = origin.watch(prefix, recorder(events), excludeHop === undefined ? {} : { excludeHop });
		return { events, close: () => running.close() };
	};
	const view = (path: string) => {
		const viewer = new RecordingViewer();
		const broadcast = origin.broadcast(path);
		assert.ok(broadcast);
		broadcast.subscribe("video", REQUEST, viewer);
		return viewer;
	};
	return { clock, origin, faults, announce, watch, view };
}

function recorder(events: string[]): WatchSink {
	const note = (what: string) => (path: string, route: Route) => events.push(`${what} ${path} [${route.hops.join()}]`);
	return {
		onStart: (active) => events.push(`start ${active.map(({ path }) => path).join()}`),
		onActive: note("active"),
		onRestart: note("restart"),
		onUpdate: note("update"),
		onEnded: (path) => events.push(`ended ${path}`),
	};
}

test("Origin.watch() starts with what is there, then tells what changes at and under its prefix", () => {
	const { announce, origin, watch } = setUp();
	const first = announce("demo/a", [1]);
	const top = watch("");
	const demo = watch("demo");
	const other = watch("dem");
	const second = announce("demo/b/c", [2]);
	first.close();
	demo.close();
	second.close();
	assert.deepEqual(top.events, ["start demo/a", "active demo/b/c [2]", "ended demo/a", "ended demo/b/c"]);
	assert.deepEqual(demo.events, top.events.slice(0, 3));
	assert.deepEqual(other.events, ["start "]);
	top.close();
	other.close();
	assert.equal(origin.isEmpty, true);
	assert.equal(origin.broadcastCount, 0);
});

test("Origin.announce() refuses what passed through us, what is too far away, and what is too much", () => {
	const { origin, announce } = setUp();
	const source = new ScriptedSource();
	assert.equal(origin.announce("a", { hops: [1, ID], cost: 0 }, source), "loop");
	assert.equal(origin.announce("a", { hops: Array.from({ length: 33 }, (_, at) => at + 1), cost: 0 }, source), "hops");
	assert.equal(origin.isEmpty, true);
	for (let at = 1; at <= ANNOUNCEMENTS_PER_PATH_MAX; at++) announce("a", [at]);
	assert.equal(origin.announce("a", { hops: [5000], cost: 0 }, source), "full");
	for (let at = 1; at < BROADCASTS_MAX; at++) origin.announce(`b/${at}`, { hops: [1], cost: 0 }, source);
	assert.equal(origin.announce("c", { hops: [1], cost: 0 }, source), "full");
	assert.throws(() => new Origin({ clock: new VirtualClock(), id: 0 }), RangeError);
});

test("Origin.watch() hides routes through the excluded hop, and shows the path when its route avoids it", () => {
	const { clock, announce, watch } = setUp();
	const watcher = watch("", 7);
	const far = announce("a", [1, 7], { cost: 1 });
	const near = announce("a", [1, 8]);
	near.close();
	clock.run(clock.nowMs() + HOLD_DOWN_MS);
	far.update({ hops: [1, 9], cost: 1 });
	clock.run(clock.nowMs() + HOLD_DOWN_MS);
	far.close();
	assert.deepEqual(watcher.events, ["start ", "active a [1,8]", "ended a", "active a [1,9]"]);
});

test("Origin continues a broadcast of the same publisher over its best route, between groups", () => {
	const { clock, announce, watch, view } = setUp();
	const slow = new ScriptedSource();
	const fast = new ScriptedSource();
	const watcher = watch("");
	announce("a", [1, 5], { cost: 9, source: slow });
	const viewer = view("a");
	slow.whole("video", 0, BODY);
	const better = announce("a", [1, 6], { cost: 2, source: fast });
	fast.whole("video", 1, BODY);
	better.update({ hops: [1, 6], cost: 20 });
	assert.equal(slow.only("video").requests[0]?.startGroup, 2);
	slow.whole("video", 2, BODY);
	better.close();
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1", "group 2"]);
	clock.run(clock.nowMs() + HOLD_DOWN_MS);
	assert.deepEqual(watcher.events, ["start ", "active a [1,5]", "update a [1,6]", "update a [1,5]"]);
});

test("Origin uses a longer way at once, and tells of it only if it is still the best after the hold-down", () => {
	const { clock, announce, watch, view } = setUp();
	const sources = [new ScriptedSource(), new ScriptedSource(), new ScriptedSource()] as const;
	const watcher = watch("");
	const offers = [[1], [1, 5], [1, 5, 6]].map((hops, at) =>
		announce("a", hops, { source: sources[at] as ScriptedSource }),
	);
	const viewer = view("a");
	sources[0].whole("video", 0, BODY);
	offers[0]?.close();
	sources[1].whole("video", 1, BODY);
	offers[1]?.close();
	sources[2].whole("video", 2, BODY);
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1", "group 2"]);
	assert.deepEqual(watcher.events, ["start ", "active a [1]"]);
	clock.run(clock.nowMs() + HOLD_DOWN_MS);
	assert.deepEqual(watcher.events, ["start ", "active a [1]", "update a [1,5,6]"]);
});

test("Origin tells nothing of a way that was away for less than the hold-down", () => {
	const { clock, announce, watch } = setUp();
	const watcher = watch("");
	const first = announce("a", [1, 4]);
	announce("a", [1, 5, 6]);
	first.close();
	announce("a", [1, 4]);
	clock.run(clock.nowMs() + 2 * HOLD_DOWN_MS);
	assert.deepEqual(watcher.events, ["start ", "active a [1,4]"]);
});

test("Origins that are all linked with each other forget a broadcast that is gone without trying every way in turn", () => {
	const clock = new VirtualClock();
	const origins = Array.from({ length: 12 }, (_, at) => new Origin({ clock, id: at + 1 }));
	let told = 0;
	for (const from of origins) for (const to of origins) if (from !== to) link(from, to);
	function link(from: Origin, to: Origin): void {
		const held = new Map<string, Announcement>();
		const later = (path: string, route?: Route): void => {
			told += 1;
			clock.after(1 + clock.random() * 5, () => {
				held.get(path)?.close();
				held.delete(path);
				if (route === undefined) return;
				const hops = [...route.hops, from.id];
				const taken = to.announce(path, { hops, cost: 1 }, new ScriptedSource());
				if (typeof taken !== "string") held.set(path, taken);
			});
		};
		const sink = { onStart: () => {}, onActive: later, onRestart: later, onUpdate: later, onEnded: later };
		from.watch("", sink, { excludeHop: to.id });
	}
	const publisher = origins[0]?.announce("a", { hops: [], cost: 0 }, new ScriptedSource());
	clock.runUntilIdle();
	told = 0;
	if (typeof publisher === "object") publisher.close();
	clock.runUntilIdle();
	for (const origin of origins) assert.deepEqual(origin.active(""), []);
	const rounds = told / (origins.length * (origins.length - 1));
	assert.ok(rounds <= 2 * origins.length, `${rounds.toFixed(1)} times on each link`);
});

test("Origin restarts a broadcast when another publisher takes the path, and goes back when it leaves", () => {
	const { clock, announce, watch, view, origin } = setUp();
	const watcher = watch("");
	const source = new ScriptedSource();
	announce("a", [1], { source });
	const viewer = view("a");
	const before = origin.broadcast("a");
	const second = announce("a", [2]);
	assert.equal(viewer.last, "error 24");
	assert.notEqual(origin.broadcast("a"), before, "another publisher, another broadcast");
	assert.equal(source.open("video").length, 0);
	second.close();
	assert.deepEqual(watcher.events, ["start ", "active a [1]", "restart a [2]", "restart a [1]"]);
	clock.runUntilIdle();
	assert.equal(before?.heldCount, 0);
});

test("Origin takes a publisher without identity for a new one each time", () => {
	const { clock, announce, watch } = setUp();
	const watcher = watch("");
	const first = announce("a", [0]);
	announce("a", [0]);
	first.lost();
	const third = announce("b", []);
	third.update({ hops: [], cost: 3 });
	clock.run(clock.nowMs() + HOLD_DOWN_MS);
	third.update({ hops: [0], cost: 3 });
	const events = ["start ", "active a [0]", "restart a [0]", "active b []", "update b []", "restart b [0]"];
	assert.deepEqual(watcher.events, events);
});

test("Announcement.lost() keeps the broadcast announced, and the same publisher continues for its viewers", () => {
	const { clock, announce, watch, view } = setUp();
	const watcher = watch("");
	const source = new ScriptedSource();
	const lost = announce("a", [1], { source });
	const viewer = view("a");
	source.whole("video", 0, BODY);
	lost.lost();
	const waiting = view("a");
	clock.run(BROADCAST_LINGER_MS - 1);
	const next = new ScriptedSource();
	announce("a", [1], { source: next });
	next.whole("video", 1, BODY);
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1"]);
	assert.deepEqual(waiting.events, ["info 1000", "group 0", "group 1"]);
	clock.runUntilIdle();
	assert.deepEqual(watcher.events, ["start ", "active a [1]"]);
});

test("Announcement.lost() is told to relays at once, and to viewers only after the linger", () => {
	const { clock, origin, announce, watch, view } = setUp();
	const relay: string[] = [];
	const late: string[] = [];
	const viewers = watch("");
	origin.watch("", recorder(relay), { isRelay: true });
	const source = new ScriptedSource();
	const first = announce("a", [1, 5], { source });
	const viewer = view("a");
	source.whole("video", 0, BODY);
	first.lost();
	assert.deepEqual(relay, ["start ", "active a [1,5]", "ended a"]);
	origin.watch("", recorder(late), { isRelay: true });
	assert.deepEqual(late, ["start "]);
	clock.run(BROADCAST_LINGER_MS - 1);
	const next = new ScriptedSource();
	const second = announce("a", [1, 6, 7], { source: next });
	next.whole("video", 1, BODY);
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1"]);
	assert.deepEqual(late, ["start ", "active a [1,6,7]"]);
	second.lost();
	clock.runUntilIdle();
	assert.deepEqual(viewers.events, ["start ", "active a [1,5]", "update a [1,6,7]", "ended a"]);
	assert.deepEqual(late, ["start ", "active a [1,6,7]", "ended a"]);
	assert.equal(viewer.last, "error 24");
});

test("Announcement.close() by a relay keeps the path for viewers whose tracks stay open, for the linger at most", () => {
	const { clock, announce, watch, view } = setUp();
	const watcher = watch("");
	const announcement = announce("a", [1, 5]);
	const viewer = view("a");
	announcement.close();
	clock.run(BROADCAST_LINGER_MS - 1);
	const next = new ScriptedSource();
	const other = announce("a", [1, 5], { source: next });
	next.whole("video", 0, BODY);
	assert.equal(viewer.last, "group 0");
	assert.deepEqual(watcher.events, ["start ", "active a [1,5]"]);
	other.close();
	clock.runUntilIdle();
	assert.deepEqual(watcher.events, ["start ", "active a [1,5]", "ended a"]);
});

test("Announcement.lost() makes way for a publisher that returns under another id at once", () => {
	const { announce, watch, view } = setUp();
	const watcher = watch("");
	const lost = announce("a", [1]);
	const viewer = view("a");
	lost.lost();
	announce("a", [2]);
	assert.deepEqual(watcher.events, ["start ", "active a [1]", "restart a [2]"]);
	assert.equal(viewer.last, "error 24", "so that its player subscribes again");
});

test("Announcement.lost() ends the broadcast when no one returns in time", () => {
	const { clock, announce, watch, view, origin } = setUp();
	const watcher = watch("");
	const lost = announce("a", [1]);
	const viewer = view("a");
	lost.lost();
	clock.run(BROADCAST_LINGER_MS);
	assert.deepEqual(watcher.events, ["start ", "active a [1]", "ended a"]);
	assert.equal(viewer.last, "error 24");
	watcher.close();
	assert.equal(origin.isEmpty, true);
});

test("Announcement.close() ends the broadcast at once, and lets what is under way end by itself", () => {
	const { clock, announce, origin, view, watch } = setUp();
	const watcher = watch("");
	const source = new ScriptedSource();
	const announcement = announce("a", [1], { source });
	const viewer = view("a");
	announcement.close();
	assert.deepEqual(watcher.events, ["start ", "active a [1]", "ended a"]);
	assert.equal(origin.broadcast("a"), undefined);
	source.whole("video", 3, BODY);
	source.end("video", 4);
	assert.deepEqual(viewer.events, ["info 1000", "group 3", "end 4"]);
	clock.runUntilIdle();
	assert.equal(origin.cacheByteLength, 0);
});

test("Announcement.close() by a relay holds the path a moment, for another relay's offer", () => {
	const { clock, announce, watch, view } = setUp();
	const watcher = watch("");
	const announcement = announce("a", [1, 5]);
	const viewer = view("a");
	announcement.close();
	clock.run(WITHDRAWN_MS - 1);
	const next = new ScriptedSource();
	const other = announce("a", [1, 6], { source: next });
	next.whole("video", 0, BODY);
	assert.equal(viewer.last, "group 0");
	other.close();
	next.end("video", 1);
	clock.run(clock.nowMs() + WITHDRAWN_MS);
	assert.deepEqual(watcher.events, ["start ", "active a [1,5]", "update a [1,6]", "ended a"]);
});

test("Announcement.update() with a loop rests until a usable route comes back", () => {
	const { clock, announce, origin, watch } = setUp();
	const watcher = watch("");
	const announcement = announce("a", [1, 5]);
	assert.equal(announcement.update({ hops: [1, ID, 5], cost: 0 }), "loop");
	clock.run(WITHDRAWN_MS);
	assert.equal(origin.broadcast("a"), undefined);
	assert.equal(origin.broadcastCount, 0);
	assert.equal(announcement.update({ hops: [1, 4, 5], cost: 0 }), undefined);
	assert.ok(origin.broadcast("a"));
	assert.equal(announcement.update({ hops: [1, ID, 5], cost: 0 }), "loop");
	assert.equal(announcement.update({ hops: [1, 5], cost: 0 }), undefined);
	announcement.lost();
	clock.runUntilIdle();
	assert.deepEqual(watcher.events, [
		"start ",
		"active a [1,5]",
		"ended a",
		"active a [1,4,5]",
		"update a [1,5]",
		"ended a",
	]);
	watcher.close();
	assert.equal(origin.isEmpty, true);
	assert.equal(origin.broadcastCount, 0);
});

test("Announcement ends once: later calls do nothing", () => {
	const { announce, origin, watch } = setUp();
	const watcher = watch("");
	const first = announce("a", [1]);
	const second = announce("a", [1, 2]);
	first.close();
	first.close();
	first.lost();
	assert.equal(first.update({ hops: [1], cost: 0 }), undefined);
	assert.ok(origin.broadcast("a"));
	second.close();
	assert.equal(watcher.events.includes("ended a"), false, "a relay's withdrawal is held down");
});

test("Origin keeps a publisher's age when only its routes change", () => {
	const { clock, announce, watch } = setUp();
	const watcher = watch("");
	const older = announce("a", [1, 5]);
	clock.run(2 * PUBLISHER_TIE_MS);
	announce("a", [2, 6]);
	announce("a", [1, 7]);
	older.close();
	assert.deepEqual(watcher.events, ["start ", "active a [1,5]", "restart a [2,6]"]);
});

test("Origin tells every watcher changes in one order, even those that a watcher makes", () => {
	const { announce, origin, watch } = setUp();
	let nested: Announcement | undefined;
	origin.watch("", {
		...recorder([]),
		onActive: (path) => {
			if (path === "a") nested = announce("b", [1]);
		},
		onEnded: () => nested?.close(),
	});
	const second = watch("");
	const announcement = announce("a", [1]);
	announcement.close();
	assert.deepEqual(second.events, ["start ", "active a [1]", "active b [1]", "ended a", "ended b"]);
});

test("Origin serves other watchers when one throws", () => {
	const { announce, faults, origin, watch } = setUp();
	const fault = new Error("watcher");
	origin.watch("", {
		...recorder([]),
		onActive: () => {
			throw fault;
		},
	});
	const other = watch("");
	announce("a", [1]);
	assert.deepEqual(faults, [fault]);
	assert.deepEqual(other.events, ["start ", "active a [1]"]);
});

test("Origin visits only the watchers above a path that changes", () => {
	const { announce, origin } = setUp();
	let visits = 0;
	for (let at = 0; at < 1000; at++) {
		origin.watch(`room/${at}`, { ...recorder([]), onActive: () => (visits += 1) });
	}
	announce("room/7/camera", [1]);
	assert.equal(visits, 1);
});
