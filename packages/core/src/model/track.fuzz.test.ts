import assert from "node:assert/strict";
import { test } from "node:test";
import { joinBytes, type RecordedGroup, RecordingViewer, ScriptedSource, VirtualClock } from "@moq-relay/testkit";
import { encodeFrameHeader } from "@moq-relay/wire";
import fc from "fast-check";
import { Broadcast } from "./broadcast.ts";
import { Cache } from "./cache.ts";
import type { Group } from "./group.ts";
import { GROUP_OVERHEAD_BYTES } from "./limits.ts";
import type { Settings } from "./settings.ts";
import type { GroupWriter, SubscribeRequest, TrackInfo } from "./source.ts";

const INFO: TrackInfo = { priority: 0, ordered: false, latencyMaxMs: 300, timescale: 1000 };
/** Room for a few groups only, so that eviction is an everyday thing. */
const CACHE_BYTES = 6 * GROUP_OVERHEAD_BYTES;
const TRACKS = ["video", "audio"];

type Step =
	| { readonly do: "join"; readonly track: number; readonly start?: number; readonly end?: number }
	| { readonly do: "update"; readonly viewer: number; readonly end?: number; readonly priority: number }
	| { readonly do: "leave"; readonly viewer: number }
	| { readonly do: "begin"; readonly track: number; readonly skip: number }
	| { readonly do: "write"; readonly group: number; readonly cut: number }
	| { readonly do: "finish"; readonly group: number }
	| { readonly do: "abort"; readonly group: number }
	| { readonly do: "switch" }
	| { readonly do: "lose" }
	| { readonly do: "return" }
	| { readonly do: "wait"; readonly ms: number };

const SEQUENCE = fc.nat(20);
const TRACK = fc.nat(TRACKS.length - 1);
const STEP: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 3,
		arbitrary: fc.record({ do: fc.constant("join"), track: TRACK, start: SEQUENCE, end: SEQUENCE }, optional("track")),
	},
	fc.record(
		{ do: fc.constant("update"), viewer: fc.nat(), end: SEQUENCE, priority: fc.nat(255) },
		optional("viewer", "priority"),
	),
	// Often enough that a track is left by all its viewers.
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("leave"), viewer: fc.nat() }) },
	{
		weight: 4,
		arbitrary: fc.record({ do: fc.constant("begin"), track: TRACK, skip: fc.integer({ min: -2, max: 2 }) }),
	},
	{ weight: 6, arbitrary: fc.record({ do: fc.constant("write"), group: fc.nat(), cut: fc.nat(20) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("finish"), group: fc.nat() }) },
	fc.record({ do: fc.constant("abort"), group: fc.nat() }),
	fc.record({ do: fc.constantFrom("switch", "lose", "return") }),
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.oneof(fc.nat(60), fc.nat(3000)) }) },
) as fc.Arbitrary<Step>;

/** All other keys may be missing. */
function optional<Key extends string>(...keys: Key[]): { noNullPrototype: true; requiredKeys: ("do" | Key)[] } {
	return { noNullPrototype: true, requiredKeys: ["do", ...keys] };
}

/** One group as a source wrote it. */
interface Written {
	readonly source: number;
	readonly sequence: number;
	readonly track: string;
	readonly writer: GroupWriter;
	readonly group: Group;
	readonly chunks: Uint8Array[];
	isOpen: boolean;
}

interface Joined {
	readonly viewer: RecordingViewer;
	readonly track: string;
	readonly start: number | undefined;
	readonly subscription: { update(request: SubscribeRequest): void; close(): void };
	/** The highest end that was ever asked for. */
	end: number;
}

/** Drives a broadcast through random steps. Most sources write the same, so that one can go on with another's groups. */
class Run {
	readonly clock: VirtualClock = new VirtualClock();
	readonly cache: Cache = new Cache(CACHE_BYTES);
	readonly sources: ScriptedSource[] = [new ScriptedSource(INFO)];
	readonly lost: Set<ScriptedSource> = new Set();
	readonly written: Written[] = [];
	readonly joined: Joined[] = [];
	readonly broadcast: Broadcast;
	/** The next sequence of each track: all sources carry the same groups. */
	readonly #next: Map<string, number> = new Map();

	constructor() {
		const onFault = (thrown: unknown) => {
			throw thrown;
		};
		const settings: Settings = {
			clock: this.clock,
			cache: this.cache,
			cacheMs: undefined,
			trackLingerMs: 500,
			onFault,
		};
		this.broadcast = new Broadcast({ path: "demo", settings, source: this.#current });
	}

	get #current(): ScriptedSource {
		return this.sources.at(-1) as ScriptedSource;
	}

	take(step: Step): void {
		switch (step.do) {
			case "join":
				return this.#join(step);
			case "update":
				return this.#update(step);
			case "leave":
				return pick(this.joined, step.viewer)?.subscription.close();
			case "begin":
				return this.#begin(TRACKS[step.track] as string, step.skip);
			case "write":
				return this.#write(step.group, step.cut);
			case "finish":
			case "abort":
				return this.#end(step.group, step.do === "finish");
			case "switch":
			case "lose":
			case "return":
				return this.#move(step.do);
			case "wait":
				return this.clock.run(this.clock.nowMs() + step.ms);
		}
	}

	#move(how: "switch" | "lose" | "return"): void {
		const current = this.#current;
		if (this.lost.has(current) !== (how === "return")) return;
		if (how === "lose") {
			this.lost.add(current);
			for (const group of this.written) if (this.sources[group.source] === current) group.isOpen = false;
			return this.broadcast.withdraw(current);
		}
		const next = new ScriptedSource(INFO);
		this.sources.push(next);
		this.broadcast.switchTo(next);
	}

	#join(step: Extract<Step, { do: "join" }>): void {
		const viewer = new RecordingViewer(this.joined.length % 2 === 0 ? "lite-05" : "lite-01");
		const request = { priority: 1, ordered: false, latencyMs: 10, startGroup: step.start, endGroup: step.end };
		const track = TRACKS[step.track] as string;
		const subscription = this.broadcast.subscribe(track, request, viewer);
		this.joined.push({ viewer, track, subscription, start: step.start, end: step.end ?? Number.POSITIVE_INFINITY });
	}

	#update(step: Extract<Step, { do: "update" }>): void {
		const joined = pick(this.joined, step.viewer);
		if (joined === undefined) return;
		const { priority, end } = step;
		joined.end = Math.max(joined.end, end ?? Number.POSITIVE_INFINITY);
		joined.subscription.update({ priority, ordered: false, latencyMs: 10, startGroup: joined.start, endGroup: end });
	}

	#begin(track: string, skip: number): void {
		if (this.lost.has(this.#current) || this.#current.open(track).length === 0) return;
		const next = this.#next.get(track) ?? 0;
		const sequence = Math.max(0, next + skip);
		this.#next.set(track, Math.max(next, sequence + 1));
		const writer = this.#current.group(track, sequence);
		if (writer === undefined) return;
		const group = this.#held(track, sequence);
		// Given to viewers, a group may have found the cache full.
		if (group === undefined) return;
		const source = this.sources.length - 1;
		this.written.push({ source, sequence, track, writer, group, chunks: [], isOpen: true });
	}

	#held(track: string, group: number): Group | undefined {
		let held: Group | undefined;
		const onGroup = (found: Group) => {
			held = found;
		};
		this.broadcast.fetch(track, { group, priority: 0 }, { onGroup, onError: () => {} })();
		return held;
	}

	#write(at: number, cut: number): void {
		const written = pick(this.written, at);
		if (written === undefined || !written.isOpen) return;
		const { chunks, sequence, source, writer } = written;
		const payload = new Uint8Array((sequence * 7 + chunks.length * 3) % 20).fill(source % 3 === 2 ? source : 0);
		const chunk = joinBytes([encodeFrameHeader({ size: payload.length, timestampDelta: 1 }, "lite-05"), payload]);
		chunks.push(chunk);
		try {
			writer.write(chunk.slice(0, cut));
			writer.write(chunk.slice(cut));
		} catch {
			// Evicted or given up meanwhile: a source stops the stream.
			written.isOpen = false;
		}
	}

	#end(at: number, whole: boolean): void {
		const group = pick(this.written, at);
		if (group === undefined || !group.isOpen) return;
		group.isOpen = false;
		if (whole) group.writer.finish();
		else group.writer.abort(70);
	}

	/** What must hold after every step. */
	check(): void {
		for (const [at, source] of this.sources.entries()) {
			for (const track of TRACKS) {
				const open = source.open(track).length;
				assert.ok(open <= 1, "one upstream subscription per track and source");
				const groups = this.written.filter((group) => group.source === at && group.track === track);
				const isDrained = this.lost.has(source) || groups.every(({ group }) => group.state !== "open");
				const isLeft = (source === this.#current && !this.lost.has(source)) || !isDrained || open === 0;
				assert.ok(isLeft, "an old source is left when its groups are over");
			}
		}
		for (const { requests } of this.sources.flatMap((source) => source.subscriptions)) {
			for (const { startGroup = 0, endGroup = 0 } of requests) {
				assert.ok(
					Number.isSafeInteger(startGroup) && Number.isSafeInteger(endGroup) && endGroup >= 0,
					"a sane request",
				);
			}
		}
		const latest = TRACKS.reduce((sum, track) => sum + this.#latestBytes(track), 0);
		const { byteLength, offeredCount } = this.cache;
		assert.ok(byteLength <= Math.max(CACHE_BYTES, latest), `${byteLength} bytes, ${latest} of them in latest groups`);
		assert.ok(byteLength <= CACHE_BYTES || offeredCount === 0, "over the budget nothing is left that could go");
		for (const joined of this.joined) this.#checkViewer(joined);
	}

	/** What the newest group of a track costs; it may be held whatever that is. */
	#latestBytes(track: string): number {
		const held = this.written.filter(({ track: of, group }) => of === track && /open|finished/.test(group.state));
		return held.toSorted((a, b) => b.sequence - a.sequence)[0]?.group.byteLength ?? 0;
	}

	#checkViewer({ viewer, track, start, end }: Joined): void {
		assert.equal(new Set(viewer.sequences).size, viewer.sequences.length, "no group twice");
		for (const received of viewer.groups) {
			assert.ok(
				received.sequence >= (start ?? 0) && received.sequence <= end,
				`group ${received.sequence} was not wanted`,
			);
			this.#checkGroup(track, received);
		}
	}

	/** The bytes are those of one source: all of them when it finished, and a beginning otherwise. */
	#checkGroup(track: string, received: RecordedGroup): void {
		const isTimed = this.joined.some(({ viewer }, at) => at % 2 === 0 && viewer.groups.includes(received));
		const bodies = this.written
			.filter((group) => group.track === track && group.sequence === received.sequence)
			.map((group) => joinBytes(isTimed ? group.chunks : group.chunks.map((chunk) => chunk.subarray(1))));
		const bytes = received.bytes();
		const isWhole = received.end() === "finished";
		const matches = bodies.some((body) => (isWhole ? Buffer.compare(body, bytes) === 0 : isBeginning(bytes, body)));
		assert.ok(
			matches,
			`group ${received.sequence}: ${bytes.join()} is none of ${bodies.map((body) => body.join()).join(" or ")}`,
		);
	}

	/** Everyone leaves; nothing may be left. */
	close(): void {
		for (const { subscription } of this.joined) subscription.close();
		this.clock.runUntilIdle();
		for (const source of this.sources) for (const track of TRACKS) assert.equal(source.open(track).length, 0);
		assert.equal(this.broadcast.heldCount, 0);
		assert.equal(this.cache.byteLength, 0);
		assert.equal(this.cache.offeredCount, 0);
	}
}

function pick<T>(from: readonly T[], at: number): T | undefined {
	return from.length === 0 ? undefined : from[at % from.length];
}

function isBeginning(bytes: Uint8Array, body: Uint8Array): boolean {
	return bytes.length <= body.length && Buffer.compare(bytes, body.subarray(0, bytes.length)) === 0;
}

test("Track gives each viewer each group once, byte for byte from one source, within the cache's bounds", () => {
	let delivered = 0;
	let continued = 0;
	fc.assert(
		fc.property(fc.array(STEP, { minLength: 20, maxLength: 150, size: "max" }), (steps) => {
			const run = new Run();
			for (const step of steps) {
				run.take(step);
				run.check();
			}
			delivered += run.joined.reduce((sum, { viewer }) => sum + viewer.groups.length, 0);
			const all = run.written.map(({ group }) => group);
			continued += all.length - new Set(all).size;
			run.close();
		}),
	);
	assert.ok(delivered > 100, "the steps reach viewers at all");
	assert.ok(continued > 0, "and sources go on with the groups of others");
});
