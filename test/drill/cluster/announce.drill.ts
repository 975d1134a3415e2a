/** A thousand broadcasts told to a hundred links by one relay: how long, for how much CPU, and to nobody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, Link, systemClock } from "@moq-relay/client";
import { CLUSTER_SESSION_LIMITS, GRANT_ALL, LocalBroadcast, Origin } from "@moq-relay/core";
import { plainNode } from "../../processes/plain-node.ts";
import { pause } from "../../rust/eventually.ts";
import { percentile, sized } from "../scale.ts";

const BROADCASTS = sized(1000, 100);
const LINKS = sized(100, 10);
const STRANGERS = 10;
const ROUNDS = sized(5, 1);
/** What a relay may take of it, in ms for all, in µs of CPU for a copy. */
const ALL_MS = 2000;
const COPY_US = 10;

/** A client whose table counts what appears and goes. */
class Listener {
	readonly origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	readonly #link: Link;
	readonly up: Promise<void>;
	heard = 0;

	constructor(url: URL, onHeard: () => void) {
		const up = Promise.withResolvers<void>();
		this.up = up.promise;
		this.#link = new Link({
			urls: [url],
			origin: this.origin,
			grant: { ...GRANT_ALL, cluster: false },
			limits: CLUSTER_SESSION_LIMITS,
			dial: (to, signal) => dial(to, { signal, tls: { disableVerify: true } }),
			sink: {
				onUp: () => up.resolve(),
				onDown: () => {},
			},
		});
		const count = (): void => {
			this.heard += 1;
			onHeard();
		};
		this.origin.watch("", { onStart: () => {}, onActive: count, onRestart: count, onUpdate: count, onEnded: count });
	}

	[Symbol.dispose](): void {
		this.#link.close();
	}
}

test("drill: one relay tells its links of many broadcasts, and nobody else", async (t) => {
	await using stack = new AsyncDisposableStack();
	const relay = stack.use(await plainNode("relay", []));
	await relay.start();
	const url = (path: string): URL => new URL(path, relay.url.replace("https:", "moqt:"));
	let [heard, wanted] = [0, 0];
	let arrived: () => void = () => {};
	const listeners: Listener[] = [];
	const strangers: Listener[] = [];
	const publisher = stack.use(new Listener(url("/live"), () => {}));
	await publisher.up;
	for (let at = 0; at < LINKS; at++) {
		const onHeard = (): void => {
			heard += 1;
			if (heard === wanted) arrived();
		};
		listeners.push(stack.use(new Listener(url("/live"), onHeard)));
		await listeners.at(-1)?.up;
	}
	for (let at = 0; at < STRANGERS; at++) {
		strangers.push(stack.use(new Listener(url("/other"), () => {})));
		await strangers.at(-1)?.up;
	}
	await pause(1000);
	const copies = BROADCASTS * LINKS;
	const content = new LocalBroadcast();
	const [times, costs, ends]: [number[], number[], number[]] = [[], [], []];
	const timed = async (act: () => void): Promise<readonly [number, number]> => {
		const cpuMs = await relay.cpuMs();
		const all = new Promise<void>((resolve) => {
			arrived = resolve;
		});
		[heard, wanted] = [0, copies];
		const begunMs = performance.now();
		act();
		await all;
		const tookMs = performance.now() - begunMs;
		await pause(500);
		return [tookMs, ((await relay.cpuMs()) - cpuMs) * 1000];
	};
	for (let round = 0; round < ROUNDS; round++) {
		const announcements: { close(): void }[] = [];
		const [ms, us] = await timed(() => {
			for (let at = 0; at < BROADCASTS; at++) {
				const announcement = publisher.origin.announce(`cam-${round}-${at}`, { hops: [], cost: 0 }, content);
				assert.ok(typeof announcement !== "string", "the publisher's own table is full");
				announcements.push(announcement);
			}
		});
		times.push(ms);
		costs.push(us / copies);
		const [endMs] = await timed(() => announcements.forEach((announcement) => announcement.close()));
		ends.push(endMs);
	}
	const shown = (values: readonly number[], digits: number): string =>
		`${percentile(values, 50).toFixed(digits)} / ${Math.max(...values).toFixed(digits)}`;
	t.diagnostic(
		`${BROADCASTS} broadcasts to ${LINKS} links, ${ROUNDS} rounds, p50 / most: told everywhere after ${shown(times, 0)} ms, CPU of the relay ${shown(costs, 2)} µs a copy; taken back everywhere after ${shown(ends, 0)} ms (the machine runs all clients too)`,
	);
	assert.deepEqual(
		strangers.map((one) => one.heard),
		strangers.map(() => 0),
	);
	assert.equal(await relay.metric("moq_cluster_route_changes_total"), 0);
	assert.ok(percentile(times, 50) <= ALL_MS, `told everywhere after ${percentile(times, 50).toFixed(0)} ms`);
	assert.ok(percentile(costs, 50) <= COPY_US, `${percentile(costs, 50).toFixed(2)} µs of CPU a copy`);
});
