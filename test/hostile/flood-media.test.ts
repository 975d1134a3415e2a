/**
 * Publishers that send too much, and viewers that take too little.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, encodeVarint, LITE_02 } from "@moq-relay/wire";
import { connect, publish } from "./client.ts";
import { opened, subscribe, turn } from "./messages.ts";
import { joined, messages, PARAMETERS, SETUP, streamFrame } from "./raw-mux.ts";
import { RawPeer } from "./raw-peer.ts";
import { RawPublisher } from "./raw-publisher.ts";
import { openWebSocket } from "./raw-web-socket.ts";
import { OPEN, Target } from "./target.ts";
import { watched } from "./watched.ts";

const MIB = 1024 * 1024;

describe("relay under publishers that flood", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	test("relay spares a publisher the viewers that come and go", async () => {
		await target.survives(async () => {
			using publisher = await RawPublisher.open(target.port);
			publisher.announce("churned");
			using peer = await opened(target);
			for (let id = 0; id < 400; id++) {
				const stream = peer.bidi(subscribe(id, "churned"));
				if (id % 2 === 0) stream?.send.reset(0);
				else stream?.send.finish();
				stream?.stop(0);
				if (id % 20 === 0) await turn();
			}
			peer.bidi(subscribe(1000, "churned"));
			await publisher.subscribed();
			const asked = publisher.peer.streams.filter(({ heard }) => (heard[0]?.[0] ?? 0) >= 2);
			// One for each pause that is longer than a track lingers; a busy machine makes some.
			assert.ok(asked.length <= 20, `the publisher was asked ${asked.length} times`);
			assert.equal(peer.end, undefined);
		});
	});

	test("relay gives up the oldest of 1000 groups that never end", async () => {
		await target.survives(() =>
			watched(target, "open", async ({ publisher, subscribe: id }) => {
				const streams = Array.from({ length: 1000 }, (_, sequence) =>
					publisher.peer.uni(joined(publisher.group(id, sequence), Uint8Array.of(0, 5, 1))),
				);
				const stopped = (): (number | undefined)[] => streams.flatMap((stream) => stream?.stopped() ?? []);
				await target.until(() => stopped().length >= 488, "too many groups are open");
				assert.deepEqual(new Set(stopped()), new Set([Code.Lagged]));
				assert.equal(publisher.peer.end, undefined);
			}),
		);
	});

	test("relay gives up a group as soon as a frame's header breaks a limit", async () => {
		await target.survives(() =>
			watched(target, "large", async ({ publisher, subscribe: id, viewing }) => {
				const bodies: readonly (readonly [Uint8Array, number])[] = [
					[joined(Uint8Array.of(0), encodeVarint(2 ** 40), new Uint8Array(1000)), Code.FrameTooLarge],
					[joined(Uint8Array.of(0), new Uint8Array(8).fill(255)), Code.Decode],
					[joined(Uint8Array.of(0), encodeVarint(33 * MIB)), Code.FrameTooLarge],
					[Uint8Array.of(1, 3), Code.Decode],
					[new Uint8Array(140_000), Code.BoundsExceeded],
				];
				for (const [sequence, [body, code]] of bodies.entries()) {
					const stream = publisher.peer.uni(joined(publisher.group(id, sequence), body));
					await target.until(() => stream?.stopped() !== undefined, `group ${sequence} goes on`);
					assert.equal(stream?.stopped(), code, `group ${sequence}`);
				}
				assert.deepEqual(viewing.errors, []);
				assert.equal(publisher.peer.end, undefined);
			}),
		);
	});

	test("relay holds a bounded amount of one-frame groups that come as fast as they can", async () => {
		await target.survives(
			() =>
				watched(target, "fast", async ({ publisher, subscribe: id }) => {
					for (let sequence = 0; sequence < 60_000 && publisher.peer.end === undefined; sequence++) {
						publisher.peer.uni(joined(publisher.group(id, sequence), Uint8Array.of(0, 1, 1)), { fin: true });
						if (sequence % 200 === 0) await turn();
					}
					const code = publisher.peer.end?.code;
					assert.ok(code === undefined || code === Code.BoundsExceeded, `ended with ${code}`);
				}),
			{ growthMib: 400 },
		);
	});

	test("relay holds no more than its cache of groups that are as large as they may be", async () => {
		await using small = await Target.start([...OPEN, "--cache-capacity", "64MiB"]);
		await small.survives(
			() =>
				watched(small, "huge", async ({ publisher, subscribe: id }) => {
					for (let sequence = 0; sequence < 10; sequence++) {
						const head = joined(publisher.group(id, sequence), Uint8Array.of(0), encodeVarint(16 * MIB));
						const stream = publisher.peer.uni(head);
						for (let part = 0; part < 16; part++) {
							stream?.send.write(new Uint8Array(MIB));
							await turn();
						}
						stream?.send.finish();
					}
				}),
			{ growthMib: 400 },
		);
	});
});

describe("relay with viewers that do not read", { timeout: 300_000 }, () => {
	test("relay spends a bounded amount on each, and the others see everything", async () => {
		await using target = await Target.start(OPEN);
		const client = await connect(target.relay.url("/"));
		const track = publish(client, "heavy", "video");
		await target.survives(
			async () => {
				const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.open(target.port, { deaf: true })));
				for (const peer of peers) {
					peer.setUp();
					peer.bidi(subscribe(1, "heavy"));
				}
				const never = await RawPeer.open(target.port, { transport: { uniStreamsMax: 1 } });
				never.setUp();
				for (let id = 0; id < 500; id++) never.bidi(subscribe(id, "heavy"));
				const sockets = await Promise.all(
					Array.from({ length: 40 }, async (_, at) => {
						const oldest = at % 2 === 0;
						const socket = await openWebSocket(target.port, [oldest ? "webtransport" : "qmux-01.moq-lite-05"], {
							deaf: true,
						});
						await socket.send(oldest ? OLDEST_VIEWER : NEWEST_VIEWER);
						return socket;
					}),
				);
				// 60 MiB, which is more than all of them may have waiting.
				for (let sequence = 0; sequence < 120; sequence++) {
					const group = track.group();
					for (let at = 0; at < 16; at++) group.frame({ timestamp: at, payload: new Uint8Array(32 * 1024) });
					group.finish();
					await new Promise((resolve) => setTimeout(resolve, 20));
				}
				for (const peer of [...peers, never]) peer[Symbol.dispose]();
				for (const socket of sockets) socket[Symbol.dispose]();
			},
			{ growthMib: 500 },
		);
		client.session.close(0, "");
	});
});

const NEWEST_VIEWER = messages(PARAMETERS, SETUP, streamFrame({ id: 0 }, subscribe(1, "heavy")));
/** In-band SETUP of moq-lite-02 on stream 0, the subscription on stream 4. */
const OLDEST_VIEWER = messages(
	joined(Uint8Array.of(8, 0), Buffer.from("20000a01c0000000ff0dad0200", "hex")),
	joined(Uint8Array.of(8, 4), subscribe(1, "heavy", LITE_02)),
);
