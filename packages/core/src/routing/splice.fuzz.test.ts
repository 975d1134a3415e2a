import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import fc from "fast-check";
import { readGroup } from "../model/group-reader.ts";
import { LocalBroadcast } from "../model/local-broadcast.ts";
import type { LocalGroup } from "../model/local-group.ts";
import type { LocalTrack } from "../model/local-track.ts";
import type { OriginId } from "../model/route.ts";
import type { FetchSink, Source, SubscribeRequest, UpstreamSink, UpstreamSubscription } from "../model/source.ts";
import type { TrackSubscription } from "../model/subscription.ts";
import type { Announcement } from "./announcement.ts";
import { Origin } from "./origin.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 100);
const PUBLISHER = 7;
const WAYS = 4;
const LINGER_MS = 400;
/** Groups that are written while no way is there; a publisher keeps more. */
const BLIND_GROUPS_MAX = 4;

/** One way to the publisher, which may be cut without a word. */
class Way implements Source {
	readonly #publisher: LocalBroadcast;
	readonly #open: Set<UpstreamSubscription> = new Set();
	announcement: Announcement | undefined;

	constructor(publisher: LocalBroadcast) {
		this.#publisher = publisher;
	}

	get isUsed(): boolean {
		return this.#open.size > 0;
	}

	/** Nothing comes any more, as when a relay was killed. */
	cut(): void {
		for (const subscription of this.#open) subscription.close();
		this.#open.clear();
	}

	subscribe(track: string, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		const subscription = this.#publisher.subscribe(track, request, sink);
		this.#open.add(subscription);
		return {
			update: (changed) => subscription.update(changed),
			close: () => {
				this.#open.delete(subscription);
				subscription.close();
			},
		};
	}

	fetch(_track: string, _request: unknown, sink: FetchSink): () => void {
		sink.onError(13);
		return () => {};
	}

	info(_track: string, _onInfo: unknown, onError: (code: number) => void): () => void {
		onError(13);
		return () => {};
	}
}

/** What a viewer got, one subscription after the other. */
interface Seen {
	readonly groups: Map<number, { readonly frames: number[]; end: "whole" | "open" | number }>;
	isOver: boolean;
}

/** Follows the path as players do. */
class Viewer {
	readonly lives: Seen[] = [];
	readonly #origin: Origin;
	#subscription: TrackSubscription | undefined;

	constructor(origin: Origin) {
		this.#origin = origin;
		const follow = (): void => this.#follow();
		origin.watch("a", {
			onStart: ([active]) => active !== undefined && follow(),
			onActive: follow,
			onRestart: () => assert.fail("the publisher is one and the same"),
			onUpdate: () => {},
			onEnded: () => {},
		});
	}

	get last(): Seen | undefined {
		return this.lives.at(-1);
	}

	close(): void {
		this.#subscription?.close();
	}

	#follow(): void {
		this.#subscription?.close();
		const seen: Seen = { groups: new Map(), isOver: false };
		this.lives.push(seen);
		const over = (): void => {
			seen.isOver = true;
		};
		const request = { priority: 1, ordered: true, latencyMs: 5000, startGroup: undefined, endGroup: undefined };
		this.#subscription = this.#origin.broadcast("a")?.subscribe("t", request, {
			onInfo: () => {},
			onGroup: (group) => {
				const { sequence } = group;
				assert.ok(!seen.groups.has(sequence), `group ${sequence} twice`);
				assert.ok(sequence > Math.max(-1, ...seen.groups.keys()), `group ${sequence} out of order`);
				const note: { frames: number[]; end: "whole" | "open" | number } = { frames: [], end: "open" };
				seen.groups.set(sequence, note);
				readGroup(group, {
					onFrame: ({ payload }) => void note.frames.push(payload[0] as number),
					onEnd: () => void (note.end = "whole"),
					onAbort: (code) => void (note.end = code),
				});
			},
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: over,
			onError: over,
		});
	}
}

interface Move {
	readonly do: "add" | "lose" | "close" | "update";
	readonly way: number;
	readonly hops: readonly OriginId[];
}

type Step = Move | { readonly do: "frame" | "next" | "join" } | { readonly do: "wait"; readonly ms: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			do: fc.constantFrom("add" as const, "add" as const, "lose" as const, "close" as const, "update" as const),
			way: fc.nat(WAYS - 1),
			hops: fc.array(fc.integer({ min: 20, max: 24 }), { maxLength: 2 }),
		}),
	},
	{ weight: 5, arbitrary: fc.record({ do: fc.constantFrom("frame" as const, "frame" as const, "next" as const) }) },
	fc.record({ do: fc.constant("join" as const) }),
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(LINGER_MS + 100) }) },
);

class Run {
	readonly #clock: VirtualClock = new VirtualClock();
	readonly #origin: Origin = new Origin({ clock: this.#clock, id: 1, broadcastLingerMs: LINGER_MS, onFault: rethrow });
	readonly #publisher: LocalBroadcast = new LocalBroadcast();
	readonly #track: LocalTrack = this.#publisher.track("t");
	readonly #ways: (Way | undefined)[] = [];
	readonly viewers: Viewer[] = [new Viewer(this.#origin)];
	/** Frames of each group, as published. */
	readonly #sent: number[][] = [];
	#group: LocalGroup | undefined;
	#blind = 0;
	/** A way that was on its way out, with groups under way, was cut: those are lost. */
	#mayLack = false;
	continued = 0;

	take(step: Step): void {
		if ("way" in step) this.#move(step);
		else if (step.do === "wait") this.#clock.run(this.#clock.nowMs() + step.ms);
		else if (step.do === "join") this.viewers.push(new Viewer(this.#origin));
		else if (step.do === "frame") this.#frame();
		else this.#next();
	}

	#move({ do: how, way: at, hops }: Move): void {
		const route = { hops: [PUBLISHER, ...hops, 10 + at], cost: 1 };
		const way = this.#ways[at];
		if (how === "add") {
			if (way !== undefined) return;
			const added = new Way(this.#publisher);
			const outcome = this.#origin.announce("a", route, added);
			assert.ok(typeof outcome !== "string");
			added.announcement = outcome;
			this.#ways[at] = added;
		} else if (how === "update") {
			way?.announcement?.update(route);
		} else if (way !== undefined) {
			if (how === "lose") this.#cut(way);
			this.#ways[at] = undefined;
			if (how === "lose") way.announcement?.lost();
			else way.announcement?.close();
		}
	}

	#cut(way: Way): void {
		const isOpen = this.#group?.isOpen === true;
		if (way.isUsed && isOpen) this.continued += 1;
		if (way.isUsed && this.#ways.some((other) => other !== way && other?.isUsed)) this.#mayLack = true;
		way.cut();
	}

	get #isReachable(): boolean {
		return this.#ways.some((way) => way !== undefined);
	}

	#next(): void {
		this.#blind = this.#isReachable ? 0 : this.#blind + 1;
		if (this.#blind > BLIND_GROUPS_MAX) return;
		this.#group?.finish();
		this.#group = this.#track.group();
		this.#sent.push([]);
		this.#frame();
	}

	#frame(): void {
		const frames = this.#sent.at(-1);
		if (frames === undefined || this.#group === undefined) return;
		const byte = (this.#sent.length * 31 + frames.length) & 0xff;
		frames.push(byte);
		this.#group.frame({ timestamp: frames.length, payload: new Uint8Array(3).fill(byte) });
	}

	check(): void {
		for (const { lives } of this.viewers) {
			for (const { groups } of lives) {
				for (const [sequence, { frames, end }] of groups) {
					const sent = this.#sent[sequence] ?? [];
					assert.deepEqual(frames, sent.slice(0, frames.length), `group ${sequence} is as it was published`);
					if (end === "whole") assert.equal(frames.length, sent.length, `group ${sequence} is whole`);
				}
			}
		}
	}

	/** With a way to the publisher, everyone watches, and has missed nothing since the subscription began. */
	end(): void {
		this.#move({ do: "add", way: 0, hops: [] });
		this.#clock.run(this.#clock.nowMs() + 10_000);
		const before = this.#sent.length;
		for (let at = 0; at < 2; at++) this.#next();
		this.#group?.finish();
		this.#clock.run(this.#clock.nowMs() + 10_000);
		for (const viewer of this.viewers) {
			const { last } = viewer;
			assert.ok(last !== undefined && !last.isOver, "everyone watches");
			const whole = [...last.groups].filter(([, { end }]) => end === "whole").map(([sequence]) => sequence);
			assert.deepEqual(whole.slice(-2), [before, before + 1], "the new groups have come");
			if (this.#mayLack) continue;
			const first = whole[0] as number;
			assert.deepEqual(
				whole,
				Array.from({ length: before + 2 - first }, (_, at) => first + at),
				"no gap",
			);
		}
		assert.equal(this.#ways.filter((way) => way?.isUsed).length, 1, "one way is used");
		for (const viewer of this.viewers) viewer.close();
	}
}

function rethrow(thrown: unknown): never {
	throw thrown;
}

test("Origin gives every viewer each group once, in order and without a gap, whichever ways to its publisher come and go", () => {
	let continued = 0;
	fc.assert(
		fc.property(fc.array(STEP, { minLength: 10, maxLength: 100, size: "max" }), (steps) => {
			const run = new Run();
			run.take({ do: "add", way: 1, hops: [] });
			run.take({ do: "next" });
			for (const step of steps) {
				run.take(step);
				run.check();
			}
			run.end();
			run.check();
			continued += run.continued;
		}),
		{ numRuns: RUNS },
	);
	assert.ok(continued > RUNS / 10, "ways die in the middle of groups");
});
