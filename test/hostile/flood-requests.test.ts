/**
 * Peers that keep to the form and to no measure: requests and names.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, encodeSubscribeUpdate, encodeVarint, LITE_05 } from "@moq-relay/wire";
import { DELIVERY, INTEREST, opened, subscribe, turn } from "./messages.ts";
import { joined } from "./raw-mux.ts";
import { type RawBidi, RawPeer } from "./raw-peer.ts";
import { announcement, RawPublisher } from "./raw-publisher.ts";
import { OPEN, Target } from "./target.ts";

const MIB = 1024 * 1024;

describe("relay under floods of requests", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	test("relay ends a session that subscribes 10 000 times at once", async () => {
		await target.survives(async () => {
			using peer = await opened(target);
			for (let id = 0; id < 10_000 && peer.end === undefined; id++) {
				peer.bidi(subscribe(id));
				if (id % 100 === 0) await turn();
			}
			await target.ends(peer, Code.BoundsExceeded);
		});
	});

	test("relay resets what is beyond max_subscriptions_per_session, and serves the rest", async () => {
		await target.survives(async () => {
			using peer = await opened(target);
			const streams: (RawBidi | undefined)[] = [];
			for (let id = 0; id < 1100; id++) {
				streams.push(peer.bidi(subscribe(id)));
				// Fewer at a time than wait for the peer's credit at most.
				if (id % 100 === 99)
					await target.until(
						() => (streams[id]?.heard().byteLength ?? 0) > 0 || streams[id]?.end() !== undefined,
						"no answer",
					);
			}
			await target.until(() => streams.slice(1024).every((stream) => stream?.end() !== undefined), "not refused");
			assert.deepEqual(new Set(streams.slice(1024).map((stream) => stream?.end())), new Set([Code.BoundsExceeded]));
			assert.ok(streams.slice(0, 1024).every((stream) => stream?.end() === undefined));
			assert.equal(peer.end, undefined);
		});
	});

	test("relay ends a session that updates its subscription without end", async () => {
		await target.survives(async () => {
			using peer = await opened(target);
			const stream = peer.bidi(subscribe(0));
			const update = encodeSubscribeUpdate(DELIVERY, LITE_05);
			const many = joined(...Array.from({ length: 100 }, () => update));
			for (let sent = 0; sent < 1000 && peer.end === undefined; sent++) {
				stream?.send.write(new Uint8Array(many));
				await turn();
			}
			await target.ends(peer, Code.BoundsExceeded);
		});
	});

	test("relay resets interests beyond max_announce_interests, and serves the rest", async () => {
		await target.survives(async () => {
			using peer = await opened(target);
			const streams = Array.from({ length: 200 }, () => peer.bidi(INTEREST));
			await target.until(() => streams.filter((stream) => stream?.end() !== undefined).length === 136, "not refused");
			assert.ok(streams.every((stream) => [undefined, Code.BoundsExceeded].includes(stream?.end() as undefined)));
			assert.equal(peer.end, undefined);
		});
	});

	test("relay ends a session that opens and resets streams without end", async () => {
		await target.survives(async () => {
			for (const kind of ["bidi", "uni"] as const) {
				using peer = await opened(target);
				for (let count = 0; count < 200_000 && peer.end === undefined; count++) {
					const stream = kind === "bidi" ? peer.bidi(Uint8Array.of(2)) : peer.uni(Uint8Array.of(0));
					stream?.send.reset(0);
					if (count % 200 === 0) await turn();
				}
				await target.ends(peer, Code.BoundsExceeded);
			}
		});
	});

	test("relay holds little of messages that are never whole", async () => {
		const part = joined(Uint8Array.of(2), encodeVarint(60_000), new Uint8Array(59_000));
		await target.survives(
			async () => {
				const peers = await Promise.all(Array.from({ length: 4 }, () => opened(target)));
				for (let index = 0; index < 1000; index++) {
					for (const peer of peers) peer.bidi(part);
					if (index % 10 === 0) await turn();
				}
				for (const peer of peers) peer[Symbol.dispose]();
			},
			// Each of them offers 56 MiB, and may have 12 under way.
			{ growthMib: 180 },
		);
	});

	test("relay takes a flood of datagrams", async () => {
		await target.survives(async () => {
			using peer = await opened(target);
			const lane = peer.connection.lane(
				{ priority: 0, order: "newest", latencyMs: 1000, budgetBytes: MIB },
				{ onDropped: () => {} },
			);
			for (let sent = 0; sent < 100_000; sent++) {
				lane.datagram(Uint8Array.of(0, 0, 0, 0));
				if (sent % 500 === 0) await turn();
			}
			assert.equal(peer.end, undefined);
		});
	});
});

describe("relay under floods of names", { timeout: 300_000 }, () => {
	let target: Target;
	before(async () => {
		target = await Target.start(OPEN);
	});
	after(() => target[Symbol.asyncDispose]());

	test("relay ends a session that announces 100 000 names, and those who watch notice little", async () => {
		await target.survives(async () => {
			using publisher = await RawPublisher.open(target.port);
			for (let name = 0; name < 100_000 && publisher.peer.end === undefined; name += 100) {
				publisher.say(joined(...Array.from({ length: 100 }, (_, at) => announcement("active", `n/${name + at}`))));
				await turn();
			}
			await target.ends(publisher.peer, Code.BoundsExceeded);
		});
	});

	test("relay ends a session whose names are too long all together", async () => {
		await target.survives(async () => {
			using publisher = await RawPublisher.open(target.port);
			for (let name = 0; name < 300 && publisher.peer.end === undefined; name++) {
				publisher.announce(`${name}/${"x".repeat(1000)}`);
			}
			await target.ends(publisher.peer, Code.BoundsExceeded);
		});
	});

	test("relay ends a session that announces and ends a name without end", async () => {
		await target.survives(async () => {
			using publisher = await RawPublisher.open(target.port);
			const both = joined(announcement("active", "churn"), announcement("ended", "churn"));
			const many = joined(...Array.from({ length: 50 }, () => both));
			for (let sent = 0; sent < 1000 && publisher.peer.end === undefined; sent++) {
				publisher.say(new Uint8Array(many));
				await turn();
			}
			await target.ends(publisher.peer, Code.BoundsExceeded);
		});
	});

	test("relay ends a session over names that are none", async () => {
		const names = ["a/".repeat(40), "x".repeat(2000), "\0", "a\nb"];
		for (const name of names) {
			using publisher = await RawPublisher.open(target.port);
			const text = Buffer.from(name);
			const body = joined(Uint8Array.of(1), encodeVarint(text.length), text, Uint8Array.of(0));
			publisher.say(joined(encodeVarint(body.length), body));
			const { code } = await publisher.peer.ended();
			assert.ok(code === Code.BoundsExceeded || code === Code.Decode, `${code} for ${name.slice(0, 20)}`);
		}
	});

	test("relay holds little for one who has many names listed and does not read, and goes on for the others", async () => {
		const publishers = await Promise.all(Array.from({ length: 10 }, () => RawPublisher.open(target.port)));
		for (const [at, publisher] of publishers.entries()) {
			for (let name = 0; name < 240; name++) publisher.announce(`${at}/${name}/${"x".repeat(1000)}`);
		}
		await target.survives(
			async () => {
				using peer = await RawPeer.open(target.port, { deaf: true });
				peer.setUp();
				const streams = Array.from({ length: 64 }, () => peer.bidi(INTEREST));
				await target.until(
					() => peer.end !== undefined || streams.some((stream) => stream?.end() === Code.BoundsExceeded),
					"2400 long names were listed 64 times",
				);
			},
			{ growthMib: 180 },
		);
		for (const publisher of publishers) publisher[Symbol.dispose]();
	});
});
