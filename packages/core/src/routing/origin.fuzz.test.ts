import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedSource, VirtualClock } from "@moq-relay/testkit";
import fc from "fast-check";
import { HOLD_DOWN_MS } from "../model/limits.ts";
import type { Route } from "../model/route.ts";
import type { Announcement } from "./announcement.ts";
import { Origin } from "./origin.ts";
import { isSamePublisher } from "./preference.ts";
import type { WatchSink } from "./watch.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 100);
const LINGER_MS = 400;

/** What a watcher believes, from its events alone; each event must fit what it believes. */
class Belief implements WatchSink {
	readonly routes: Map<string, Route> = new Map();
	readonly #onChange: (path: string, route: Route | undefined) => void;

	constructor(onChange: (path: string, route: Route | undefined) => void = () => {}) {
		this.#onChange = onChange;
	}

	onStart(active: readonly { readonly path: string; readonly route: Route }[]): void {
		for (const { path, route } of active) this.#set(path, route);
	}

	onActive(path: string, route: Route): void {
		assert.ok(!this.routes.has(path), `${path} was active already`);
		this.#set(path, route);
	}

	onRestart(path: string, route: Route): void {
		assert.ok(this.routes.has(path), `${path} was not active`);
		this.#set(path, route);
	}

	onUpdate(path: string, route: Route): void {
		assert.ok(this.routes.has(path), `${path} was not active`);
		this.#set(path, route);
	}

	onEnded(path: string): void {
		assert.ok(this.routes.delete(path), `${path} was not active`);
		this.#onChange(path, undefined);
	}

	#set(path: string, route: Route): void {
		this.routes.set(path, route);
		this.#onChange(path, route);
	}
}

/** Announces at `to` what `from` tells, as a session with moq-lite-05 does: in order, some time later. */
class Link {
	readonly #to: Origin;
	readonly #fromId: number;
	readonly #held: Map<string, { route: Route; announcement: Announcement | undefined }> = new Map();
	readonly close: () => void;

	constructor(clock: VirtualClock, ends: { readonly from: Origin; readonly to: Origin; readonly delayMs: number }) {
		this.#to = ends.to;
		this.#fromId = ends.from.id;
		const later = (path: string, route: Route | undefined) => {
			clock.after(ends.delayMs, () => this.#receive(path, route));
		};
		const watch = ends.from.watch("", new Belief(later), { excludeHop: ends.to.id });
		this.close = () => watch.close();
	}

	#receive(path: string, told: Route | undefined): void {
		const held = this.#held.get(path);
		if (told === undefined) {
			this.#held.delete(path);
			held?.announcement?.close();
			return;
		}
		const route = { hops: [...told.hops, this.#fromId], cost: told.cost + 1 };
		if (held?.announcement !== undefined && isSamePublisher(held.route, route)) {
			held.route = route;
			held.announcement.update(route);
			return;
		}
		held?.announcement?.close();
		const outcome = this.#to.announce(path, route, new ScriptedSource());
		this.#held.set(path, { route, announcement: typeof outcome === "string" ? undefined : outcome });
	}
}

const PATHS = ["a", "a/b", "c"];
const CHANGE = fc.record({
	what: fc.constantFrom("announce", "update", "close", "lost", "watch"),
	at: fc.nat(),
	path: fc.constantFrom(...PATHS),
	hops: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
	waitMs: fc.oneof(fc.constant(0), fc.nat(2 * LINGER_MS)),
});

test("Origin tells every watcher the same as its table says, whatever happens in whatever order", () => {
	fc.assert(
		fc.property(fc.array(CHANGE, { maxLength: 60, size: "max" }), (changes) => {
			const clock = new VirtualClock();
			// Id 4 is our own, so some routes are loops.
			const origin = new Origin({ clock, id: 4, broadcastLingerMs: LINGER_MS });
			const open: Announcement[] = [];
			const watches = [{ prefix: "", exclude: 0, belief: new Belief() }];
			const running = [origin.watch("", watches[0]?.belief as Belief)];
			for (const { what, at, path, hops, waitMs } of changes) {
				const route = { hops, cost: at % 3 };
				const one = open[at % open.length];
				if (what === "announce") {
					const outcome = origin.announce(path, route, new ScriptedSource());
					assert.equal(outcome === "loop", hops.includes(4));
					if (typeof outcome !== "string") open.push(outcome);
				} else if (what === "watch") {
					const belief = new Belief();
					const exclude = at % 5;
					running.push(origin.watch(path, belief, exclude === 0 ? {} : { excludeHop: exclude }));
					watches.push({ prefix: path, exclude, belief });
				} else if (one !== undefined && what === "update") {
					assert.equal(one.update(route) === "loop", hops.includes(4));
				} else if (one !== undefined && what !== "update") {
					one[what]();
					open.splice(open.indexOf(one), 1);
				}
				clock.run(clock.nowMs() + waitMs);
				for (const { prefix, exclude, belief } of watches) {
					const active = origin.active(prefix).filter((shown) => exclude === 0 || !shown.route.hops.includes(exclude));
					const expected = new Map(active.map((shown) => [shown.path, shown.route]));
					assert.deepEqual(belief.routes, expected);
					for (const shown of expected.keys()) assert.ok(origin.broadcast(shown));
				}
			}
			for (const announcement of open) announcement.lost();
			for (const watch of running) watch.close();
			clock.runUntilIdle();
			assert.equal(origin.isEmpty, true);
			assert.equal(origin.broadcastCount, 0);
		}),
		{ numRuns: RUNS },
	);
});

const NODES = 4;
const EVENT = fc.record({
	node: fc.nat(NODES - 1),
	publisher: fc.integer({ min: 1, max: 3 }),
	how: fc.constantFrom("announce" as const, "announce" as const, "close" as const, "lost" as const),
	// Around the tie between publishers too, where two relays may judge differently.
	waitMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3000), fc.integer({ min: 1900, max: 2100 })),
});
const MESH = fc.record({
	delays: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: NODES * NODES, maxLength: NODES * NODES }),
	cut: fc.array(fc.nat(NODES * NODES - 1), { maxLength: 4 }),
	events: fc.array(EVENT, { maxLength: 30, size: "max" }),
});

/** Relays with links both ways between them, and publishers of one path that come and go. */
class Mesh {
	readonly clock: VirtualClock = new VirtualClock();
	readonly origins: readonly Origin[];
	readonly live: Map<string, Announcement> = new Map();
	readonly #links: Link[] = [];

	constructor(delays: readonly number[], cut: readonly number[]) {
		const { clock } = this;
		this.origins = Array.from({ length: NODES }, (_, at) => {
			return new Origin({ clock, id: FIRST_ID + at, broadcastLingerMs: LINGER_MS });
		});
		for (let pair = 0; pair < NODES * NODES; pair++) {
			const one = Math.floor(pair / NODES);
			const other = pair % NODES;
			// A ring stays, so that everyone can reach everyone.
			const isRing = (one + 1) % NODES === other || (other + 1) % NODES === one;
			const isCut = cut.includes(Math.min(one, other) * NODES + Math.max(one, other));
			const [from, to] = [this.origins[one], this.origins[other]];
			if (from === undefined || to === undefined || one === other || (isCut && !isRing)) continue;
			this.#links.push(new Link(clock, { from, to, delayMs: delays[pair] ?? 1 }));
		}
	}

	take(event: {
		readonly node: number;
		readonly publisher: number;
		readonly how: "announce" | "close" | "lost";
	}): void {
		const key = `${event.node} ${event.publisher}`;
		if (event.how !== "announce") {
			this.live.get(key)?.[event.how]();
			this.live.delete(key);
		} else if (!this.live.has(key)) {
			const route = { hops: [event.publisher], cost: 0 };
			const outcome = this.origins[event.node]?.announce("a", route, new ScriptedSource());
			assert.ok(typeof outcome === "object");
			this.live.set(key, outcome);
		}
	}

	/** Timers run out only when no one has anything left to tell: an oscillation would go on for ever. */
	settle(): void {
		this.clock.runUntilIdle({ maxSteps: 20_000 });
	}

	check(at: number, origin: Origin): void {
		const route = origin.active("a")[0]?.route;
		assert.equal(route === undefined, this.live.size === 0, `relay ${at}: ${route?.hops.join() ?? "nothing"}`);
		if (route === undefined) return;
		const [publisher, ...relays] = route.hops.map(Number);
		assert.equal(new Set(relays).size, relays.length, "no relay twice");
		const first = relays[0] === undefined ? at : relays[0] - FIRST_ID;
		assert.ok(this.live.has(`${first} ${publisher}`), `relay ${at} believes in ${route.hops.join()}, which is gone`);
	}

	close(): void {
		for (const announcement of this.live.values()) announcement.close();
		this.settle();
		for (const link of this.#links) link.close();
		for (const origin of this.origins) assert.equal(origin.isEmpty, true, "the end reaches everyone");
	}
}

const FIRST_ID = 100;

test("Origin converges in any mesh: everyone reaches a live publisher over a true path, and no one else", () => {
	fc.assert(
		fc.property(MESH, ({ delays, cut, events }) => {
			const mesh = new Mesh(delays, cut);
			for (const event of events) {
				mesh.take(event);
				mesh.clock.run(mesh.clock.nowMs() + event.waitMs);
			}
			mesh.settle();
			for (const [at, origin] of mesh.origins.entries()) mesh.check(at, origin);
			mesh.close();
		}),
		{ numRuns: RUNS },
	);
});

test("Origin loses no broadcast while a mesh finds another way within the hold-down", () => {
	const clock = new VirtualClock();
	const [publisher, one, other, viewer] = [101, 102, 103, 104].map((id) => new Origin({ clock, id }));
	assert.ok(publisher && one && other && viewer);
	for (const [from, to] of [
		[publisher, other],
		[one, viewer],
		[other, viewer],
	] as const) {
		new Link(clock, { from, to, delayMs: HOLD_DOWN_MS / 10 });
	}
	const direct = one.announce("a", { hops: [7], cost: 0 }, new ScriptedSource());
	const events: string[] = [];
	viewer.watch("", new Belief((path, route) => events.push(`${path} ${route?.hops.join() ?? "ended"}`)));
	clock.run(1000);
	// The publisher moves from one relay to another: withdrawn there first, announced here a moment later.
	assert.ok(typeof direct === "object");
	direct.close();
	publisher.announce("a", { hops: [7], cost: 0 }, new ScriptedSource());
	clock.run(3000);
	assert.deepEqual(events, ["a 7,102", "a 7,101,103"]);
});
