import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as macrotask } from "node:timers/promises";
import { type Connection, GRANT_ALL, LocalBroadcast, Origin, SESSION_LIMITS, Session } from "@moq-relay/core";
import { memoryPair, VirtualClock } from "@moq-relay/testkit";
import { DialError } from "./dial-error.ts";
import { Link, type LinkDown, type LinkOptions, type LinkUp } from "./link.ts";
import { describeEnd } from "./session-end.ts";

test("Link needs a URL", () => {
	const world = new World();
	assert.throws(() => world.link({ urls: [] }), TypeError);
});

test("Link announces what its origin has, and dials again when the session is lost", async () => {
	const world = new World();
	const origin = world.origin(2);
	origin.announce("clip.hang", { hops: [], cost: 0 }, new LocalBroadcast());
	world.link({ origin });
	await world.until(() => world.relay.broadcast("clip.hang") !== undefined);
	assert.equal(world.ups[0]?.version, "moq-lite-05");
	world.relaySessions[0]?.close(1, "gone");
	await world.until(() => world.ups.length === 2);
	assert.match(world.downs[0]?.message ?? "", /closed the session with RequiredExtension \(gone\)/);
	assert.ok((world.downs[0]?.retryMs ?? 0) >= 500);
	assert.deepEqual(world.dialled, [A, A]);
});

test("Link goes on to the next URL at once, and pauses when all have failed", async () => {
	const world = new World();
	world.down.add(A);
	world.down.add(B);
	world.link({ urls: [new URL(A), new URL(B)] });
	await world.until(() => world.downs.length === 4);
	assert.deepEqual(world.dialled, [A, B, A, B]);
	assert.equal(world.downs[0]?.retryMs, 0);
	assert.ok((world.downs[1]?.retryMs ?? 0) >= 500);
	assert.equal(world.downs[2]?.retryMs, 0);
	assert.ok((world.downs[3]?.retryMs ?? 0) >= 1000, "the second pause is longer");
});

test("Link leaves a dead relay for the next URL without a pause, and stays there", async () => {
	const world = new World();
	world.link({ urls: [new URL(A), new URL(B)] });
	await world.until(() => world.ups.length === 1);
	world.down.add(A);
	world.relaySessions[0]?.close(1, "");
	await world.until(() => world.ups.length === 2);
	assert.equal(world.ups[1]?.url.href, B);
	assert.equal(world.downs[0]?.retryMs, 0);
});

test("Link gives up when the first session can't be had in time, and says why", async () => {
	const world = new World();
	world.down.add(A);
	world.link({ firstMs: 10_000 });
	await world.until(() => world.downs.at(-1)?.retryMs === undefined && world.downs.length > 0);
	assert.equal(world.downs.at(-1)?.message, "nobody listens there");
	assert.equal(world.clock.nowMs(), 10_000);
	const { length } = world.dialled;
	await world.pass(60_000);
	assert.equal(world.dialled.length, length, "no dial follows");
});

test("Link cuts a dial that is never answered, and gives each URL its share of the time", async () => {
	const world = new World();
	world.silent.add(A);
	world.link({ urls: [new URL(A), new URL(B)], firstMs: 10_000 });
	await world.until(() => world.ups.length === 1);
	assert.equal(world.ups[0]?.url.href, B);
	assert.equal(world.downs[0]?.message, "https://a.example/demo does not answer within 5 s");
});

test("Link once up tries for ever", async () => {
	const world = new World();
	world.link({ firstMs: 10_000 });
	await world.until(() => world.ups.length === 1);
	world.down.add(A);
	world.relaySessions[0]?.close(1, "");
	await world.until(() => world.downs.length === 20);
	assert.ok(world.downs.every(({ retryMs }) => retryMs !== undefined && retryMs <= 10_000));
});

test("Link is over at once when its token is refused", async () => {
	const world = new World();
	world.refused = true;
	const link = world.link({});
	await world.until(() => world.downs.length === 1);
	assert.deepEqual(world.downs[0]?.retryMs, undefined);
	assert.match(world.downs[0]?.message ?? "", /refused the token/);
	assert.ok(link.isOver);
});

test("Link leaves out a URL that refuses the token, and goes on with the others", async () => {
	const world = new World();
	world.statuses.set(A, 401);
	world.link({ urls: [new URL(A), new URL(B)] });
	await world.until(() => world.ups.length === 1);
	world.relaySessions[0]?.close(1, "");
	await world.until(() => world.ups.length === 2);
	assert.deepEqual(world.dialled, [A, B, B]);
});

test("Link is over at once when a first dial can never do better, and goes on after a good one", async () => {
	const first = new World();
	first.statuses.set(A, 400);
	const link = first.link({});
	await first.until(() => first.downs.length === 1);
	assert.ok(link.isOver);

	const later = new World();
	const second = later.link({});
	await later.until(() => later.ups.length === 1);
	later.statuses.set(A, 400);
	later.relaySessions[0]?.close(1, "");
	await later.until(() => later.downs.length === 3);
	assert.ok(!second.isOver);
	later.statuses.clear();
	later.statuses.set(A, 503);
	await later.until(() => later.downs.length === 5);
	later.statuses.set(A, 403);
	await later.until(() => later.downs.length === 6);
	assert.ok(second.isOver);
});

test("describeEnd() names the relay and hides the token", () => {
	const url = new URL("https://user:secret@a.example:4443/demo?jwt=secret");
	const end = describeEnd(url, { code: 13, reason: "why", by: "remote" });
	assert.equal(end, "https://a.example:4443/demo closed the session with NotFound (why)");
	assert.match(describeEnd(url, { code: 6, reason: "", by: "remote" }), /refused the token/);
	assert.match(describeEnd(url, { code: 0, reason: "idle", by: "transport" }), /was lost \(idle\)/);
	assert.equal(describeEnd(url, { code: 0, reason: "", by: "local" }).includes("secret"), false);
});

test("Link.close() ends the session, a dial under way and the pause between two", async () => {
	const up = new World();
	const link = up.link({});
	await up.until(() => up.ups.length === 1);
	link.close();
	await up.until(() => up.downs.length === 1);
	assert.equal(up.downs[0]?.retryMs, undefined);

	const dialling = new World();
	dialling.silent.add(A);
	const second = dialling.link({});
	await dialling.until(() => dialling.dialled.length === 1);
	second.close();
	await dialling.until(() => dialling.downs.length === 1);
	assert.equal(dialling.downs[0]?.retryMs, undefined);

	const pausing = new World();
	pausing.down.add(A);
	const third = pausing.link({});
	await pausing.until(() => pausing.downs.length === 1);
	third.close();
	await pausing.pass(60_000);
	assert.ok(third.isOver);
	assert.equal(pausing.dialled.length, 1);
});

const A = "https://a.example/demo";
const B = "https://b.example/demo";

/** One relay behind every URL, with faults. */
class World {
	readonly clock: VirtualClock = new VirtualClock();
	readonly relay: Origin = this.origin(1);
	readonly relaySessions: Session[] = [];
	readonly dialled: string[] = [];
	readonly ups: LinkUp[] = [];
	readonly downs: LinkDown[] = [];
	/** URLs that nobody listens at. */
	readonly down = new Set<string>();
	/** URLs that answer with an HTTP status. */
	readonly statuses = new Map<string, number>();
	/** URLs that swallow every packet. */
	readonly silent = new Set<string>();
	refused = false;

	origin(id: number): Origin {
		return new Origin({ clock: this.clock, id });
	}

	link(options: Partial<LinkOptions>): Link {
		return new Link({
			urls: [new URL(A)],
			origin: this.origin(2),
			grant: GRANT_ALL,
			dial: (url, signal) => this.#dial(url, signal),
			clock: this.clock,
			sink: { onUp: (up) => void this.ups.push(up), onDown: (down) => void this.downs.push(down) },
			...options,
		});
	}

	async until(holds: () => boolean): Promise<void> {
		await this.clock.settle(holds);
	}

	/** Let time pass, promises included. */
	async pass(ms: number): Promise<void> {
		for (const end = this.clock.nowMs() + ms; this.clock.nowMs() < end; ) {
			this.clock.run(Math.min(end, this.clock.nowMs() + 1000));
			await macrotask();
		}
	}

	async #dial(url: URL, signal: AbortSignal): Promise<Connection> {
		this.dialled.push(url.href);
		if (this.down.has(url.href)) throw new DialError("unreachable", "nobody listens there");
		const status = this.statuses.get(url.href);
		if (status !== undefined) throw new DialError("status", `${url.href} said ${status}`, { status });
		if (this.silent.has(url.href)) {
			await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
		}
		const { client, server } = memoryPair(this.clock, { protocol: "moq-lite-05", path: "/demo" });
		const session = new Session(server, {
			clock: this.clock,
			origin: this.relay,
			authorise: (_path, decide) => decide(this.refused ? { code: 6, reason: "" } : GRANT_ALL),
			limits: SESSION_LIMITS,
			sink: { onReady: () => {}, onEnd: () => {} },
		});
		this.relaySessions.push(session);
		return client;
	}
}
