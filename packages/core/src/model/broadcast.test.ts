import assert from "node:assert/strict";
import { test } from "node:test";
import { joinBytes, RecordingViewer, ScriptedSource, VirtualClock } from "@moq-relay/testkit";
import { APP_CODE_FIRST, Code, Malformed } from "@moq-relay/wire";
import { Broadcast } from "./broadcast.ts";
import { Cache } from "./cache.ts";
import {
	FAILURE_GRACE_MS,
	GROUP_OVERHEAD_BYTES,
	GROUPS_OPEN_MAX,
	INTERRUPTED_GROUPS_MAX,
	INTERRUPTED_MS,
	TRACKS_MAX,
	UPDATE_INTERVAL_MS,
} from "./limits.ts";
import type { Settings } from "./settings.ts";
import { type SubscribeRequest, TRACK_INFO_DEFAULT } from "./source.ts";

const REQUEST: SubscribeRequest = {
	priority: 5,
	ordered: false,
	latencyMs: 100,
	startGroup: undefined,
	endGroup: undefined,
};
const LINGER_MS = 2000;

/** A body of one frame whose only byte is `value`. */
function body(value: number): Uint8Array {
	return Uint8Array.of(0, 1, value);
}

function setUp(options: { cacheBytes?: number; source?: ScriptedSource } = {}) {
	const clock = new VirtualClock();
	const faults: unknown[] = [];
	const settings: Settings = {
		clock,
		cache: new Cache(options.cacheBytes ?? 1_000_000),
		cacheMs: undefined,
		trackLingerMs: LINGER_MS,
		onFault: (thrown) => faults.push(thrown),
	};
	const source = options.source ?? new ScriptedSource();
	const broadcast = new Broadcast({ path: "demo", settings, source });
	const join = (request: Partial<SubscribeRequest> = {}, viewer: RecordingViewer = new RecordingViewer()) => {
		const subscription = broadcast.subscribe("video", { ...REQUEST, ...request }, viewer);
		return Object.assign(viewer, { subscription });
	};
	/** All that was held is gone once everything has had its time. */
	const assertNothingLeft = () => {
		clock.runUntilIdle();
		assert.equal(broadcast.heldCount, 0, "tracks, lookups or fetches are left");
		assert.equal(settings.cache.byteLength, 0, "bytes are left");
		assert.equal(settings.cache.offeredCount, 0, "offers are left");
	};
	return { clock, settings, faults, source, broadcast, join, assertNothingLeft };
}

test("Broadcast.subscribe() shares one upstream subscription, and each viewer gets each group once", () => {
	const { source, join, assertNothingLeft } = setUp();
	const first = join();
	const second = join();
	source.whole("video", 0, body(1));
	source.whole("video", 1, body(2));
	assert.equal(source.whole("video", 1, body(9)), false, "a duplicate is refused");
	for (const viewer of [first, second]) {
		assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1"]);
		assert.deepEqual(viewer.groups[1]?.bytes(), body(2));
	}
	assert.equal(source.subscriptions.length, 1);
	first.subscription.close();
	second.subscription.close();
	assertNothingLeft();
	assert.equal(source.open("video").length, 0);
});

test("Broadcast.subscribe() gives a late viewer the latest group from its start, and no older one", () => {
	const { source, join } = setUp();
	join();
	source.whole("video", 6, body(1));
	const writer = source.group("video", 7);
	writer?.write(body(2));
	const late = join();
	assert.deepEqual(late.events, ["info 1000", "group 7"]);
	assert.deepEqual(late.groups[0]?.bytes(), body(2));
	writer?.write(body(3));
	writer?.finish();
	source.whole("video", 5, body(4));
	assert.deepEqual(late.sequences, [7], "a group that is late and older is not for it");
	assert.equal(late.groups[0]?.bytes().length, 6);
});

test("Broadcast.subscribe() with a start delivers what is cached from there", () => {
	const { source, join } = setUp();
	join();
	for (let sequence = 0; sequence < 5; sequence++) source.whole("video", sequence, body(sequence));
	assert.deepEqual(join({ startGroup: 2 }).sequences, [2, 3, 4]);
	const future = join({ startGroup: 6 });
	source.whole("video", 5, body(5));
	source.whole("video", 6, body(6));
	assert.deepEqual(future.sequences, [6]);
});

test("Broadcast.subscribe() asks upstream for older groups only for those who want them", () => {
	const { clock, source, join } = setUp();
	const live = join();
	const past = join({ startGroup: 3 });
	assert.equal(source.only("video").requests[0]?.startGroup, undefined, "no one knows yet what is past");
	source.whole("video", 9, body(9));
	clock.run(UPDATE_INTERVAL_MS);
	assert.equal(source.only("video").requests[1]?.startGroup, 3);
	for (const sequence of [3, 4, 10]) source.whole("video", sequence, body(sequence));
	assert.deepEqual(live.sequences, [9, 10]);
	assert.deepEqual(past.sequences, [9, 3, 4, 10]);
	past.subscription.close();
	clock.run(10 * UPDATE_INTERVAL_MS);
	assert.equal(source.only("video").requests.length, 2, "a start that is past is left as it is");
});

test("Broadcast.subscribe() pauses at the end and resumes with what came meanwhile", () => {
	const { source, join } = setUp();
	const viewer = join({ endGroup: 1 });
	for (let sequence = 0; sequence < 4; sequence++) source.whole("video", sequence, body(sequence));
	assert.deepEqual(viewer.sequences, [0, 1]);
	viewer.subscription.update({ ...REQUEST, endGroup: 2 });
	assert.deepEqual(viewer.sequences, [0, 1, 2]);
	viewer.subscription.update(REQUEST);
	assert.deepEqual(viewer.sequences, [0, 1, 2, 3]);
});

test("Broadcast.subscribe() asks upstream for the most that anyone wants, and updates it in one go", () => {
	const { clock, source, join } = setUp();
	const first = join();
	const second = join({ priority: 9, latencyMs: 500 });
	const third = join({ priority: 7, ordered: true });
	const { requests } = source.only("video");
	assert.equal(requests.length, 1, "not before the interval");
	clock.run(UPDATE_INTERVAL_MS);
	assert.deepEqual(requests[1], { ...REQUEST, priority: 9, latencyMs: 500 });
	second.subscription.close();
	third.subscription.update({ ...REQUEST, priority: 6 });
	clock.run(2 * UPDATE_INTERVAL_MS);
	assert.deepEqual(requests[2], { ...REQUEST, priority: 6 });
	third.subscription.update({ ...REQUEST, priority: 200 });
	third.subscription.update({ ...REQUEST, priority: 6 });
	clock.run(10 * UPDATE_INTERVAL_MS);
	assert.equal(requests.length, 3, "what was taken back is not sent");
	first.subscription.update({ ...REQUEST, priority: 1 });
	first.subscription.close();
	third.subscription.close();
	clock.run(20 * UPDATE_INTERVAL_MS);
	assert.equal(requests.length, 3, "no one is left to want anything");
});

test("Broadcast looks at what its viewers want once for all who come at about the same time", () => {
	const { clock, source, broadcast } = setUp();
	const count = 1000;
	let reads = 0;
	const request = {
		...REQUEST,
		get priority() {
			reads += 1;
			return 9;
		},
	};
	for (let at = 0; at < count; at++) broadcast.subscribe("video", request, new RecordingViewer());
	clock.run(10 * UPDATE_INTERVAL_MS);
	assert.ok(reads > 0 && reads <= 2 * count, `${reads} reads`);
	assert.equal(source.only("video").requests.length, 1);
});

test("Broadcast keeps the upstream subscription for a while after the last viewer, and no longer", () => {
	const { clock, source, join, assertNothingLeft } = setUp();
	const first = join();
	source.whole("video", 3, body(3));
	first.subscription.close();
	clock.run(LINGER_MS - 1);
	source.whole("video", 4, body(4));
	const second = join();
	assert.deepEqual(second.sequences, [4], "from the cache");
	assert.equal(source.subscriptions.length, 1);
	second.subscription.close();
	clock.run(2 * LINGER_MS);
	assert.equal(source.open("video").length, 0);
	const third = join();
	assert.equal(source.subscriptions.length, 2);
	assert.deepEqual(third.sequences, []);
	third.subscription.close();
	assertNothingLeft();
});

test("Broadcast passes the end of a track on, and a late viewer gets the last group and the end", () => {
	const { source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.whole("video", 0, body(0));
	source.end("video", 1);
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "end 1"]);
	assert.deepEqual(join().events, ["info 1000", "group 0", "end 1"]);
	assert.equal(source.subscriptions.length, 1);
	assertNothingLeft();
});

test("Broadcast passes a refusal on to everyone, and asks again for the next viewer", () => {
	const { source, join, assertNothingLeft } = setUp({ source: new ScriptedSource("none") });
	const viewers = [join(), join()];
	source.fail("video", Code.NotFound);
	for (const viewer of viewers) assert.deepEqual(viewer.events, ["error 13"]);
	const next = join();
	assert.equal(source.subscriptions.length, 2);
	next.subscription.close();
	assertNothingLeft();
});

test("Broadcast spares viewers a failure of a running track that a change of source follows", () => {
	const { clock, broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.whole("video", 0, body(0));
	source.fail("video", Code.Cancel);
	clock.run(FAILURE_GRACE_MS - 1);
	broadcast.withdraw(source);
	clock.run(10 * FAILURE_GRACE_MS);
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	next.whole("video", 1, body(1));
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "group 1"]);
	next.fail("video", Code.Dropped);
	const another = join();
	assert.equal(next.open("video").length, 1, "who comes meanwhile asks again, for all");
	next.fail("video", Code.Timeout);
	clock.run(20 * FAILURE_GRACE_MS);
	assert.deepEqual([viewer.last, another.last], ["error 3", "error 3"]);
	assertNothingLeft();
});

test("Broadcast passes an application's code on at once", () => {
	const { source, join } = setUp();
	const viewer = join();
	source.fail("video", APP_CODE_FIRST + 3);
	assert.equal(viewer.last, "error 67");
});

test("Broadcast hands drops and datagrams on, each to whom they concern", () => {
	const { source, join } = setUp();
	const early = join();
	const late = join({ startGroup: 8 });
	const { sink } = source.only("video");
	sink.onDropped(3, 4, Code.Dropped);
	sink.onDropped(5, 9, Code.Dropped);
	for (const sequence of [7, 10, 10]) sink.onDatagram(sequence, 1, Uint8Array.of(1));
	assert.deepEqual(early.events, ["info 1000", "dropped 3-4 24", "dropped 5-9 24", "datagram 7", "datagram 10"]);
	assert.deepEqual(late.events, ["info 1000", "dropped 8-9 24", "datagram 10"]);
});

test("Broadcast gives other viewers everything when one's sink throws", () => {
	const { broadcast, source, faults, join } = setUp();
	const fault = new Error("viewer");
	const fail = () => {
		throw fault;
	};
	broadcast.subscribe("video", REQUEST, {
		onInfo: fail,
		onGroup: fail,
		onDatagram: fail,
		onDropped: fail,
		onEnd: fail,
		onError: fail,
	});
	const viewer = join();
	source.whole("video", 0, body(0));
	source.only("video").sink.onDatagram(1, 0, body(0));
	source.end("video");
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "datagram 1", "end undefined"]);
	assert.deepEqual(faults, [fault, fault, fault, fault]);
});

test("Broadcast tolerates viewers that leave, join or end everything inside an event", () => {
	const { broadcast, source, join, assertNothingLeft } = setUp();
	const inner = new RecordingViewer();
	const outer = new RecordingViewer();
	const subscription = broadcast.subscribe("video", REQUEST, {
		...noEvents(),
		onGroup: () => {
			subscription.close();
			join({}, inner);
		},
	});
	join({}, outer);
	source.whole("video", 0, body(0));
	assert.deepEqual(inner.sequences, [0]);
	assert.deepEqual(outer.sequences, [0]);
	broadcast.subscribe("video", REQUEST, { ...noEvents(), onGroup: () => broadcast.fail(Code.Dropped) });
	assert.deepEqual([inner.last, outer.last], ["error 24", "error 24"]);
	assertNothingLeft();
});

function unexpected(): void {
	assert.fail("must not be called");
}

function noEvents() {
	return { onInfo: () => {}, onDatagram: () => {}, onDropped: () => {}, onEnd: () => {}, onError: () => {} };
}

test("Broadcast.switchTo() lets groups in progress end on the old source and asks the new one for what follows", () => {
	const { clock, broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.whole("video", 0, body(0));
	const writer = source.group("video", 1);
	writer?.write(body(1));
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	assert.equal(next.only("video").requests[0]?.startGroup, 2);
	viewer.subscription.update({ ...REQUEST, priority: 77 });
	clock.run(UPDATE_INTERVAL_MS);
	assert.deepEqual(next.only("video").requests[1], { ...REQUEST, priority: 77, startGroup: 2 });
	assert.equal(source.group("video", 2), undefined, "the old source begins nothing more");
	assert.equal(next.whole("video", 1, body(9)), false, "one group comes from one source");
	next.whole("video", 2, body(2));
	assert.equal(source.open("video").length, 1, "kept while its group goes on");
	writer?.write(body(7));
	writer?.finish();
	assert.equal(source.open("video").length, 0);
	assert.deepEqual(viewer.sequences, [0, 1, 2]);
	assert.deepEqual(viewer.groups[1]?.bytes(), Uint8Array.of(0, 1, 1, 0, 1, 7));
	assert.deepEqual(
		viewer.events.filter((event) => event.startsWith("info")),
		["info 1000"],
	);
	viewer.subscription.close();
	assertNothingLeft();
});

test("Broadcast.withdraw() keeps what was in progress; the next source of the same bytes goes on with it", () => {
	const { broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.whole("video", 0, body(0));
	const bytes = joinBytes([body(1), body(2), body(3)]);
	const lost = source.group("video", 1);
	lost?.write(bytes.slice(0, 4));
	broadcast.withdraw(source);
	assert.equal(source.open("video").length, 0);
	lost?.write(bytes.slice(4));
	lost?.abort(7);
	assert.equal(viewer.groups[1]?.end(), undefined, "the group waits, whatever the old source says");
	const late = join();
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	assert.equal(next.only("video").requests[0]?.startGroup, 1);
	const writer = next.group("video", 1);
	for (const byte of bytes) writer?.write(Uint8Array.of(byte));
	writer?.finish();
	next.whole("video", 2, body(2));
	for (const { groups, sequences } of [viewer, late]) {
		assert.deepEqual(sequences.slice(-2), [1, 2]);
		const group = groups.find(({ sequence }) => sequence === 1);
		assert.deepEqual(group?.bytes(), bytes);
		assert.equal(group?.end(), "finished");
	}
	viewer.subscription.close();
	late.subscription.close();
	assertNothingLeft();
});

test("Broadcast.withdraw() loses a group that the next source writes otherwise; new viewers get it from there", () => {
	for (const other of [body(9), joinBytes([body(1), body(9)]), body(1).subarray(0, 1)]) {
		const { broadcast, source, join, assertNothingLeft } = setUp();
		const viewer = join();
		source.group("video", 1)?.write(joinBytes([body(1), body(2)]));
		broadcast.withdraw(source);
		const next = new ScriptedSource();
		broadcast.switchTo(next);
		const writer = next.group("video", 1);
		writer?.write(other);
		const isWhole = other.length > 1;
		if (isWhole) writer?.finish();
		else assert.throws(() => writer?.finish(), Malformed);
		assert.equal(viewer.groups[0]?.end(), Code.Dropped);
		next.whole("video", 2, body(2));
		assert.deepEqual(viewer.sequences, [1, 2], "a viewer gets no group twice");
		const late = join({ startGroup: 0 });
		assert.deepEqual(late.sequences, isWhole ? [1, 2] : [2]);
		if (isWhole) assert.deepEqual(late.groups[0]?.bytes(), other);
		viewer.subscription.close();
		late.subscription.close();
		assertNothingLeft();
	}
});

test("Broadcast.withdraw() gives up what the next source does not go on with", () => {
	const { broadcast, source, clock, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.group("video", 1)?.write(body(1));
	source.group("video", 2)?.write(body(2));
	broadcast.withdraw(source);
	clock.run(clock.nowMs() + TRACK_INFO_DEFAULT.latencyMaxMs / 4);
	assert.equal(viewer.groups[0]?.end(), undefined, "without a source all wait");
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	clock.run(clock.nowMs() + INTERRUPTED_MS / 2);
	next.whole("video", 2, body(2));
	clock.run(clock.nowMs() + INTERRUPTED_MS);
	assert.deepEqual(
		viewer.groups.map(({ end }) => end()),
		[Code.Dropped, "finished"],
	);
	next.group("video", 3)?.write(body(3));
	broadcast.withdraw(next);
	const last = new ScriptedSource();
	broadcast.switchTo(last);
	last.end("video", 4);
	assert.equal(viewer.groups[2]?.end(), Code.Dropped, "nothing comes after the end of a track");
	assert.equal(viewer.last, "end 4");
	assertNothingLeft();
});

test("Broadcast.withdraw() keeps no group that is far behind, of another form, or of nobody's", () => {
	const { broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.group("video", 0)?.write(body(0));
	source.group("video", INTERRUPTED_GROUPS_MAX)?.write(body(1));
	broadcast.withdraw(source);
	assert.equal(viewer.groups[0]?.end(), Code.Dropped);
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	assert.equal(next.only("video").requests[0]?.startGroup, INTERRUPTED_GROUPS_MAX);
	next.only("video").sink.onGroup(INTERRUPTED_GROUPS_MAX, "lite-01");
	assert.equal(viewer.groups[1]?.end(), Code.Dropped, "its timestamps would be others");
	next.group("video", 100)?.write(body(1));
	broadcast.withdraw(next);
	broadcast.fail(Code.Dropped);
	assert.equal(viewer.groups[2]?.end(), Code.Dropped);
	assertNothingLeft();
});

test("Broadcast without a source keeps new viewers waiting for the next", () => {
	const { broadcast, source, join } = setUp();
	broadcast.withdraw(source);
	const viewer = join();
	assert.deepEqual(viewer.events, []);
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	next.whole("video", 4, body(4));
	assert.deepEqual(viewer.events, ["info 1000", "group 4"]);
});

test("Broadcast converts the timestamps of a second source with another timescale", () => {
	const { broadcast, source, join } = setUp();
	const viewer = join();
	source.whole("video", 0, body(0));
	const next = new ScriptedSource({ ...TRACK_INFO_DEFAULT, timescale: 1_000_000 });
	broadcast.switchTo(next);
	// Timestamp 2000 (zigzag 4000 = 0x4fa0) in microseconds.
	next.whole("video", 1, Uint8Array.of(0x4f, 0xa0, 1, 5));
	next.only("video").sink.onDatagram(2, 7000, body(0));
	assert.deepEqual(viewer.groups[1]?.bytes(), Uint8Array.of(4, 1, 5));
	assert.equal(viewer.datagrams[0]?.timestamp, 7);
	assert.deepEqual(
		viewer.events.filter((event) => event.startsWith("info")),
		["info 1000"],
	);
});

test("Broadcast.finish() lets tracks end by themselves, then ends them; nothing new begins", () => {
	const { clock, broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	broadcast.subscribe("audio", REQUEST, new RecordingViewer());
	broadcast.finish(5000);
	assert.equal(source.whole("video", 0, body(0)), true, "what is on its way still arrives");
	source.fail("audio", Code.Dropped);
	assert.equal(join().last, "group 0", "a track that goes on takes viewers");
	const refused = new RecordingViewer();
	broadcast.subscribe("other", REQUEST, refused);
	assert.deepEqual(refused.events, ["error 13"]);
	clock.run(5000);
	assert.deepEqual(viewer.events, ["info 1000", "group 0", "end undefined"]);
	assert.equal(source.open("video").length, 0);
	assertNothingLeft();
});

test("Broadcast.fail() ends every viewer with the code, now", () => {
	const { broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.group("video", 0)?.write(body(0));
	broadcast.fail(Code.Dropped);
	assert.equal(viewer.last, "error 24");
	assert.equal(viewer.groups[0]?.end(), Code.Dropped);
	assert.equal(source.open("video").length, 0);
	assertNothingLeft();
});

test("Broadcast evicts groups beyond the newest by age, keeping the latest", () => {
	const { clock, source, settings, join } = setUp({
		source: new ScriptedSource({ ...TRACK_INFO_DEFAULT, latencyMaxMs: 1000 }),
	});
	const viewer = join();
	for (let sequence = 0; sequence < 3; sequence++) source.whole("video", sequence, body(sequence));
	clock.run(999);
	assert.equal(settings.cache.offeredCount, 2);
	clock.run(1000);
	assert.deepEqual(
		viewer.groups.map(({ group }) => group.state),
		["evicted", "evicted", "finished"],
	);
	assert.equal(settings.cache.offeredCount, 0);
	assert.deepEqual(join({ startGroup: 0 }).sequences, [2]);
});

test("Broadcast keeps the last whole group when the latest is aborted", () => {
	const { clock, source, join } = setUp();
	join();
	source.whole("video", 0, body(0));
	source.whole("video", 1, body(1));
	source.group("video", 2)?.abort(70);
	clock.run(60_000);
	assert.deepEqual(join().sequences, [1]);
});

test("Broadcast refuses an old group that a full cache cannot take", () => {
	const { source, join, assertNothingLeft } = setUp({ cacheBytes: GROUP_OVERHEAD_BYTES });
	const viewer = join();
	assert.equal(source.whole("video", 1, body(1)), true);
	assert.equal(source.whole("video", 0, body(0)), false);
	assert.deepEqual(viewer.sequences, [1]);
	viewer.subscription.close();
	assertNothingLeft();
});

test("Broadcast evicts the oldest groups when the cache is full, never the latest, and tells their writer", () => {
	const { source, settings, join } = setUp({ cacheBytes: 3 * GROUP_OVERHEAD_BYTES });
	const viewer = join();
	const open = source.group("video", 0);
	for (let sequence = 1; sequence < 6; sequence++) source.whole("video", sequence, body(sequence));
	assert.ok(settings.cache.byteLength <= 3 * GROUP_OVERHEAD_BYTES);
	assert.equal(viewer.groups[0]?.end(), Code.Evicted);
	assert.throws(() => open?.write(body(0)), { name: "RequestError", code: Code.Evicted });
	assert.equal(viewer.groups[5]?.group.state, "finished");
});

test("Broadcast bounds the open groups of a track: the oldest is aborted, nothing else", () => {
	const { source, join } = setUp();
	const viewer = join();
	for (let sequence = 0; sequence <= GROUPS_OPEN_MAX; sequence++) source.group("video", sequence);
	assert.deepEqual(viewer.groups.map((group) => group.end()).slice(0, 2), [Code.BoundsExceeded, undefined]);
	assert.equal(source.open("video").length, 1);
});

test("Broadcast bounds its tracks", () => {
	const { broadcast } = setUp();
	for (let at = 0; at < TRACKS_MAX; at++) broadcast.subscribe(`${at}`, REQUEST, new RecordingViewer());
	const viewer = new RecordingViewer();
	broadcast.subscribe("more", REQUEST, viewer);
	assert.deepEqual(viewer.events, ["error 11"]);
});

test("Broadcast.info() asks once for all, remembers the answer a while, and knows it while subscribed", () => {
	const { clock, broadcast, source, join, assertNothingLeft } = setUp();
	const told: number[] = [];
	const ask = () =>
		broadcast.info(
			"video",
			(info) => told.push(info.timescale),
			(code) => told.push(-code),
		);
	ask();
	ask();
	assert.equal(source.infos.length, 1);
	source.infos[0]?.answer({ ...TRACK_INFO_DEFAULT, timescale: 90 });
	assert.deepEqual(told, [90, 90]);
	ask();
	assert.deepEqual([told.length, source.infos.length], [3, 1]);
	clock.run(LINGER_MS);
	const viewer = join();
	ask();
	assert.deepEqual(told.at(-1), 1000, "from the subscription");
	viewer.subscription.close();
	assertNothingLeft();
});

test("Broadcast.info() passes a refusal on, asks the next source again, and can be cancelled", () => {
	const { broadcast, source, assertNothingLeft } = setUp();
	const told: number[] = [];
	const ask = () =>
		broadcast.info(
			"video",
			(info) => told.push(info.timescale),
			(code) => told.push(-code),
		);
	ask();
	source.infos[0]?.refuse(Code.NotFound);
	assert.deepEqual(told, [-13]);
	ask();
	broadcast.withdraw(source);
	assert.equal(source.infos[1]?.isCancelled, true);
	const next = new ScriptedSource();
	broadcast.switchTo(next);
	source.infos[1]?.answer(TRACK_INFO_DEFAULT);
	assert.deepEqual(told, [-13], "an answer of the old source is void");
	next.infos[0]?.answer(TRACK_INFO_DEFAULT);
	assert.deepEqual(told, [-13, 1000]);
	const cancel = broadcast.info("audio", unexpected, unexpected);
	cancel();
	assert.equal(next.infos[1]?.isCancelled, true);
	ask();
	broadcast.info("other", unexpected, (code) => told.push(-code));
	broadcast.fail(Code.Dropped);
	assert.deepEqual(told, [-13, 1000, 1000, -24]);
	assertNothingLeft();
});

test("Broadcast.fetch() serves the cache, and fetches what is not there once for all", () => {
	const { broadcast, source, join, assertNothingLeft } = setUp();
	const viewer = join();
	source.whole("video", 5, body(5));
	const fetch = (group: number) => {
		const told: string[] = [];
		const cancel = broadcast.fetch(
			"video",
			{ group, priority: 0 },
			{
				onGroup: (found) => told.push(`group ${found.sequence} ${found.state}`),
				onError: (code) => told.push(`error ${code}`),
			},
		);
		return { told, cancel };
	};
	assert.deepEqual(fetch(5).told, ["group 5 finished"]);
	assert.equal(source.fetches.length, 0);
	const first = fetch(2);
	const second = fetch(2);
	assert.equal(source.fetches.length, 1);
	const writer = source.fetches[0]?.sink.onGroup("lite-05");
	writer?.write(body(2));
	writer?.finish();
	assert.deepEqual([first.told, second.told], [["group 2 open"], ["group 2 open"]]);
	assert.deepEqual(fetch(2).told, ["group 2 finished"], "kept a while");
	const refused = fetch(3);
	source.fetches[1]?.sink.onError(Code.NotFound);
	assert.deepEqual(refused.told, ["error 13"]);
	fetch(4).cancel();
	assert.equal(source.fetches[2]?.isCancelled, true);
	const lost = [fetch(6), fetch(7)];
	source.fetches[4]?.sink.onGroup("lite-05").write(body(7));
	broadcast.withdraw(source);
	assert.deepEqual(
		lost.map(({ told }) => told),
		[["error 24"], ["group 7 open"]],
	);
	assert.deepEqual(fetch(8).told, ["error 13"], "no source, no group");
	viewer.subscription.close();
	assertNothingLeft();
});

test("Broadcast.fetch() charges what it fetched to the cache, which may drop it", () => {
	const { broadcast, source, settings, assertNothingLeft } = setUp({ cacheBytes: 2 * GROUP_OVERHEAD_BYTES });
	const states: string[] = [];
	for (let group = 0; group < 3; group++) {
		broadcast.fetch("video", { group, priority: 0 }, { onGroup: () => states.push("open"), onError: unexpected });
		const writer = source.fetches[group]?.sink.onGroup("lite-05");
		writer?.write(body(group));
		writer?.finish();
	}
	assert.ok(settings.cache.byteLength <= 2 * GROUP_OVERHEAD_BYTES);
	assert.equal(broadcast.heldCount, 1);
	assertNothingLeft();
});

test("Subscription.update() to an earlier start brings what is there, if nothing has come yet", () => {
	const { source, join, assertNothingLeft } = setUp();
	join();
	const early = join({ startGroup: 8 });
	source.whole("video", 0, body(0));
	source.whole("video", 1, body(1));
	assert.deepEqual(early.sequences, []);
	early.subscription.update(REQUEST);
	source.whole("video", 2, body(2));
	assert.deepEqual(early.sequences, [1, 2]);
	early.subscription.update({ ...REQUEST, startGroup: 0 });
	assert.deepEqual(early.sequences, [1, 2], "what it has passed does not come later");
	source.only("video").sink.onEnd(3);
	assertNothingLeft();
});
