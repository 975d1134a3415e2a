import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as macrotask } from "node:timers/promises";
import {
	type Connection,
	GRANT_ALL,
	type Group,
	LocalBroadcast,
	type LocalTrack,
	Origin,
	readGroup,
	SESSION_LIMITS,
	Session,
} from "@moq-relay/core";
import { memoryPair, VirtualClock } from "@moq-relay/testkit";
import { DialError } from "./dial-error.ts";
import { Link } from "./link.ts";
import type { LinkDown, LinkOptions, LinkUp } from "./link-options.ts";
import { describeEnd } from "./session-end.ts";
import { tokenExpiryMs } from "./token-expiry.ts";

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

test("Link goes to the next URL at once whenever a session dies that lived a while, and pauses when they die young", async () => {
	const world = new World();
	world.link({ urls: [new URL(A), new URL(B)] });
	for (let life = 1; life <= 6; life++) {
		await world.until(() => world.ups.length === life);
		await world.pass(5000);
		world.relaySessions.at(-1)?.close(1, "");
		await world.until(() => world.downs.length === life);
		assert.equal(world.downs[life - 1]?.retryMs, 0);
	}
	for (let life = 7; life <= 10; life++) {
		await world.until(() => world.ups.length === life);
		world.relaySessions.at(-1)?.close(1, "");
		await world.until(() => world.downs.length === life);
	}
	assert.ok(world.downs.slice(6).filter(({ retryMs = 0 }) => retryMs >= 500).length >= 2, "no tight loop");
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

test("Link goes back to its first URL when that has a session again, and the viewer misses nothing", async () => {
	const world = new World();
	const track = world.publish("clip");
	world.down.add(A);
	const origin = world.origin(2);
	const link = world.link({ urls: [new URL(A), new URL(B)], returnMs: 30_000, origin });
	const seen = await world.watch(origin, "clip");
	write(track, 0);
	await world.pass(29_000);
	assert.deepEqual(world.dialled, [A, B], "not before the time");
	await world.pass(35_000);
	assert.deepEqual(world.dialled, [A, B, A, A], "tried again and again");
	world.down.clear();
	const open = track.group();
	open.frame({ timestamp: 0, payload: Uint8Array.of(1) });
	await world.until(() => world.ups.length === 2);
	assert.equal(world.ups[1]?.url.href, A);
	assert.equal(link.sessions.length, 2, "both stand for a while");
	await world.pass(3000);
	open.frame({ timestamp: 0, payload: Uint8Array.of(1) });
	open.finish();
	write(track, 2);
	await world.pass(3000);
	assert.deepEqual(seen, ["0", "1", "2"]);
	assert.equal(link.sessions.length, 1);
	assert.equal(link.sessions[0], world.ups[1]?.session);
	assert.equal(world.downs.length, 1, "of the first dial");
	await world.pass(120_000);
	assert.equal(world.dialled.length, 5, "it is where it wants to be");
});

test("Link takes what it publishes along when it goes over, and withdraws it from where it was", async () => {
	const world = new World();
	const other = world.origin(3);
	world.relays.set(B, other);
	world.down.add(A);
	const origin = world.origin(2);
	const broadcast = new LocalBroadcast();
	const track = broadcast.track("t");
	origin.announce("clip", { hops: [], cost: 0 }, broadcast);
	world.link({ urls: [new URL(A), new URL(B)], returnMs: 10_000, origin });
	const there = await world.watch(other, "clip");
	world.down.clear();
	await world.until(() => world.ups.length === 2);
	const here = await world.watch(world.relay, "clip");
	write(track, 0);
	await world.pass(1000);
	assert.deepEqual([there, here], [["0"], ["0"]]);
	await world.pass(2000);
	assert.equal(other.broadcast("clip"), undefined, "no linger: it was ended, not lost");
	write(track, 1);
	await world.pass(20_000);
	assert.deepEqual(here, ["0", "1"]);
	assert.equal(world.relaySessions.filter((session) => session.census.interestsServing > 0).length, 1);
});

test("Link asks for a newer token before the one in use ends, and goes over to it while the old session stands", async () => {
	const world = new World();
	const tokens = [tokenUntil(world, 60_000), tokenUntil(world, 60_000), tokenUntil(world, 600_000)];
	const asked: number[] = [];
	const options = {
		token: (): Promise<string> => {
			asked.push(world.clock.nowMs());
			return Promise.resolve(tokens[Math.min(asked.length, tokens.length) - 1] as string);
		},
	};
	world.link(options);
	await world.until(() => world.ups.length === 2);
	assert.deepEqual(
		asked.map((atMs) => Math.round(atMs / 1000)),
		[0, 30, 45],
	);
	assert.deepEqual(
		world.dialled.map((href) => new URL(href).searchParams.get("jwt")),
		[tokens[0], tokens[2]],
	);
	assert.equal(world.ups[1]?.url.href, A, "told without the token");
	await world.pass(100_000);
	assert.equal(world.downs.length, 0);
});

test("Link asks for its token at every dial, and survives a source of tokens that fails", async () => {
	const world = new World();
	let fails = true;
	world.link({ token: () => (fails ? Promise.reject(new Error("no token today")) : Promise.resolve(undefined)) });
	await world.until(() => world.downs.length === 2);
	assert.equal(world.downs[1]?.message, "no token today");
	assert.deepEqual(world.dialled, []);
	fails = false;
	await world.until(() => world.ups.length === 1);
	assert.deepEqual(world.dialled, [A]);
});

test("Link leaves a relay that says so for the next one while it still serves", async () => {
	const world = new World();
	const link = world.link({ urls: [new URL(A), new URL(B)] });
	await world.until(() => world.ups.length === 1);
	await world.pass(1000);
	world.relaySessions[0]?.goaway("");
	await world.until(() => world.ups.length === 2);
	assert.deepEqual(world.dialled, [A, B]);
	assert.equal(world.downs.length, 0);
	assert.equal(link.sessions.length, 2);
	world.down.add(A);
	await world.pass(1000);
	world.relaySessions[1]?.goaway("");
	await world.until(() => world.downs.length === 1);
	assert.match(world.downs[0]?.message ?? "", /b\.example.* was closed/, "nobody takes over: it is left all the same");
	world.down.clear();
	await world.until(() => world.ups.length === 3);
});

test("Link lives from what was to take over when its session dies meanwhile", async () => {
	const world = new World();
	world.down.add(A);
	world.link({ urls: [new URL(A), new URL(B)], returnMs: 10_000 });
	await world.until(() => world.ups.length === 1);
	world.down.clear();
	world.held = Promise.withResolvers();
	await world.until(() => world.dialled.length === 3);
	world.relaySessions[0]?.close(1, "");
	await world.until(() => world.downs.length === 2);
	assert.equal(world.downs[1]?.retryMs, 0);
	world.held.resolve();
	await world.until(() => world.ups.length === 2);
	assert.deepEqual(world.dialled, [A, B, A], "no dial beside it");
});

test("tokenExpiryMs() reads exp, and nothing else", () => {
	const token = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
	assert.equal(tokenExpiryMs(token({ exp: 1_800_000_000, root: "\u00fc?>" })), 1_800_000_000_000);
	for (const text of ["", "a.b", "a.!.c", token(7), token(null), token({ exp: "1" }), token({})]) {
		assert.equal(tokenExpiryMs(text), undefined, text);
	}
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
	await pausing.until(() => pausing.downs.length === 2);
	assert.equal(pausing.downs[1]?.retryMs, undefined, "whoever waits for the end hears of it");
	await pausing.pass(60_000);
	assert.ok(third.isOver);
	assert.equal(pausing.dialled.length, 1);
});

const A = "https://a.example/demo";
const B = "https://b.example/demo";

function write(track: LocalTrack, sequence: number): void {
	const group = track.group();
	assert.equal(group.sequence, sequence);
	group.frame({ timestamp: sequence, payload: Uint8Array.of(sequence) });
	group.finish();
}

/** A token of no one's that ends so many ms after the beginning. */
function tokenUntil(world: World, ms: number): string {
	const exp = (world.clock.wallMs() + ms) / 1000;
	return `e30.${Buffer.from(JSON.stringify({ exp, nonce: ms })).toString("base64url")}.x`;
}

/** One relay behind every URL that has none of its own, with faults. */
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
	/** Relays of their own behind some URLs. */
	readonly relays = new Map<string, Origin>();
	/** Dials wait for this. */
	held: PromiseWithResolvers<void> | undefined;
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

	/** Publish at the relay. */
	publish(path: string): LocalTrack {
		const broadcast = new LocalBroadcast();
		this.relay.announce(path, { hops: [9], cost: 0 }, broadcast);
		return broadcast.track("t");
	}

	/** Watch the track once it is announced; sequences of whole groups, as they come. */
	async watch(origin: Origin, path: string): Promise<string[]> {
		await this.until(() => origin.broadcast(path) !== undefined);
		const seen: string[] = [];
		const note = (group: Group): void => {
			const onAbort = (code: number): void => void seen.push(`${group.sequence} aborted with ${code}`);
			readGroup(group, { onFrame: () => {}, onEnd: () => void seen.push(String(group.sequence)), onAbort });
		};
		const request = { priority: 1, ordered: false, latencyMs: 5000, startGroup: undefined, endGroup: undefined };
		const other = { onInfo: () => {}, onDatagram: () => {}, onDropped: () => {}, onEnd: () => {} };
		const onError = (code: number): void => void seen.push(`error ${code}`);
		origin.broadcast(path)?.subscribe("t", request, { ...other, onGroup: note, onError });
		return seen;
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
		await this.held?.promise;
		if (this.down.has(url.href)) throw new DialError("unreachable", "nobody listens there");
		const status = this.statuses.get(url.href);
		if (status !== undefined) throw new DialError("status", `${url.href} said ${status}`, { status });
		if (this.silent.has(url.href)) {
			await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
		}
		const { client, server } = memoryPair(this.clock, { protocol: "moq-lite-05", path: "/demo" });
		const session = new Session(server, {
			clock: this.clock,
			origin: this.relays.get(url.href) ?? this.relay,
			authorise: (_path, decide) => decide(this.refused ? { code: 6, reason: "" } : GRANT_ALL),
			limits: SESSION_LIMITS,
			sink: { onReady: () => {}, onEnd: () => {} },
		});
		this.relaySessions.push(session);
		return client;
	}
}
