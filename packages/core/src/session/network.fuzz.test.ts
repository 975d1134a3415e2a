import assert from "node:assert/strict";
import { test } from "node:test";
import { Network, SeededRandom } from "@moq-relay/testkit";
import { Code, LITE_VERSIONS } from "@moq-relay/wire";
import type { LocalGroup } from "../model/local-group.ts";
import type { LocalTrack } from "../model/local-track.ts";
import { assertEmpty, type Peer, publish, type Seen, World, watch } from "./fixture.test.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 40);
const FIRST_SEED = Number(process.env["FUZZ_SEED"] ?? 1);

const TOLERATED: readonly number[] = [Code.Cancel, Code.Timeout];

for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
	test(`Session keeps its promises on a bad network, whatever peers do (seed ${seed})`, () => {
		const drama = new Drama(seed);
		for (let act = 0; act < 150; act++) drama.act();
		drama.finish();
	});
}

interface Published {
	readonly peer: Peer;
	readonly path: string;
	readonly track: LocalTrack;
	readonly end: () => void;
	/** The last group, perhaps open. */
	group: LocalGroup | undefined;
	frames: number;
	mark: number;
}

/** What was sent under one path, by the first byte of each group's first frame, which is unique. */
interface Watched {
	readonly peer: Peer;
	readonly seen: Seen;
}

/** Peers that come, go, publish, watch, stall and crash, by chance. */
class Drama {
	readonly #world: World;
	readonly #random: SeededRandom;
	readonly #network: Network;
	readonly #peers: Peer[] = [];
	readonly #gone: Peer[] = [];
	readonly #published: Published[] = [];
	readonly #watched: Watched[] = [];
	/** Frames of every group that was ever sent, by their mark. */
	readonly #sent: Map<number, number[]> = new Map();
	#mark = 0;
	#names = 0;

	constructor(seed: number) {
		this.#world = new World(seed);
		this.#random = new SeededRandom(seed).fork("drama");
		const conditions = {
			latencyMs: this.#random.below(40),
			jitterMs: this.#random.below(30),
			lossRate: this.#random.next() / 4,
		};
		this.#network = new Network(this.#world.clock, conditions);
	}

	act(): void {
		const random = this.#random;
		const action = random.below(14);
		if (action <= 1 && this.#peers.length < 6) this.#join();
		else if (action === 2) this.#publish();
		else if (action <= 4) this.#watch();
		else if (action <= 8) this.#send();
		else if (action === 9) this.#endSomething();
		else if (action === 10 && random.chance(0.4)) this.#leave();
		else if (action === 11) this.#some(this.#watched)?.seen.subscription?.close();
		else if (action === 12 && random.chance(0.3)) this.#partition();
		this.#world.run(random.below(random.chance(0.1) ? 3000 : 60));
	}

	finish(): void {
		const world = this.#world;
		world.run(40_000);
		let changes = 0;
		const count = (): void => void changes++;
		const ear = { onStart: () => {}, onActive: count, onRestart: count, onUpdate: count, onEnded: count };
		const watches = [world.relay, ...this.#peers.map(({ origin }) => origin)].map((origin) => origin.watch("", ear));
		world.run(20_000);
		assert.equal(changes, 0, "the table has come to rest");
		for (const heard of watches) heard.close();
		for (const { seen } of this.#watched) this.#verify(seen);
		for (const peer of this.#peers) peer.session.close(0, "the end");
		world.run(120_000);
		for (const peer of [...this.#peers, ...this.#gone]) {
			for (const side of [peer, peer.relay]) {
				assert.equal(side.log.ends.length, 1, "each session ends once");
				// A partition may outlast the handshake, or a stream's first message.
				assert.ok(TOLERATED.includes(side.log.end?.code ?? -1), `ended with ${side.log.end?.code}`);
				assert.deepEqual(
					side.log.violations.filter(({ code }) => !TOLERATED.includes(code)),
					[],
				);
				assertEmpty(side);
			}
		}
		assert.ok(world.relay.isEmpty, "nothing is announced any more");
		assert.equal(world.relay.cacheByteLength, 0, "nothing is cached any more");
	}

	#some<T>(items: readonly T[]): T | undefined {
		return items[this.#random.below(items.length + 1)];
	}

	#join(): void {
		const from = `peer ${this.#names++}`;
		const memory = { network: this.#network, from, to: "relay", delayMs: this.#random.below(5), randomCuts: true };
		this.#peers.push(this.#world.join({ version: this.#random.pick(LITE_VERSIONS), memory }));
	}

	#leave(): void {
		if (this.#peers.length === 0) return;
		const [peer] = this.#peers.splice(this.#random.below(this.#peers.length), 1);
		assert.ok(peer !== undefined);
		peer.session.close(0, "leaving");
		this.#gone.push(peer);
	}

	/** Long enough for time-outs of requests, too short for that of the connection. */
	#partition(): void {
		const name = `peer ${this.#random.below(this.#names + 1)}`;
		this.#network.partition(name, "relay");
		this.#world.run(this.#random.below(15_000));
		this.#network.heal(name, "relay");
	}

	#publish(): void {
		if (this.#peers.length === 0) return;
		const peer = this.#random.pick(this.#peers);
		const path = `room/${this.#random.below(3)}`;
		const { broadcast, announcement } = publish(peer.origin, path);
		const track = broadcast.track("t", { timescale: this.#random.pick([1000, 48_000, 1_000_000]) });
		const end = (): void => {
			track.end();
			announcement.close();
		};
		this.#published.push({ peer, path, track, end, group: undefined, frames: 0, mark: 0 });
	}

	#watch(): void {
		if (this.#peers.length === 0) return;
		const peer = this.#random.pick(this.#peers);
		const path = `room/${this.#random.below(3)}`;
		if (peer.origin.broadcast(path) === undefined) return;
		const startGroup = this.#random.chance(0.2) ? this.#random.below(5) : undefined;
		this.#watched.push({
			peer,
			seen: watch(peer.origin, { path, track: "t", startGroup, priority: this.#random.below(256) }),
		});
	}

	#send(): void {
		const published = this.#some(this.#published);
		if (published === undefined || published.track.isEnded) return;
		if (published.group === undefined || this.#random.chance(0.3)) {
			published.group?.finish();
			published.group = published.track.group();
			published.frames = 0;
			published.mark = this.#mark++;
			this.#sent.set(published.mark, []);
		}
		const size = 8 + this.#random.below(this.#random.chance(0.1) ? 100_000 : 3000);
		const payload = new Uint8Array(size);
		new DataView(payload.buffer).setUint32(0, published.mark);
		new DataView(payload.buffer).setUint32(4, published.frames);
		this.#sent.get(published.mark)?.push(size);
		published.group.frame({ timestamp: 1000 * published.frames++, payload });
	}

	#endSomething(): void {
		if (this.#published.length === 0) return;
		const at = this.#random.below(this.#published.length);
		const published = this.#published[at];
		if (published === undefined) return;
		if (this.#random.chance(0.5)) {
			published.group?.abort(70);
			published.group = undefined;
			return;
		}
		published.group?.finish();
		published.end();
		this.#published.splice(at, 1);
	}

	/** Frames in order, none missing before the last, none changed, a whole group whole; each group once (`watch` sees to it). */
	#verify({ groups }: Seen): void {
		for (const [sequence, { frames, state }] of groups) {
			let mark: number | undefined;
			for (const [index, payload] of frames.entries()) {
				const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
				mark ??= view.getUint32(0);
				assert.equal(view.getUint32(0), mark, `group ${sequence} is one group`);
				assert.equal(view.getUint32(4), index, `group ${sequence} is in order`);
				assert.equal(payload.byteLength, this.#sent.get(mark)?.[index], `frame ${index} of group ${sequence} is whole`);
			}
			if (state === "ended" && mark !== undefined) {
				assert.equal(frames.length, this.#sent.get(mark)?.length, `group ${sequence} is whole`);
			}
		}
	}
}
