/**
 * What only a narrow link shows: who goes first.
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Connection, type ConnectionEnd, type ConnectionSink, type LaneSink, Tape } from "@moq-relay/core";
import { patternBytes } from "../bytes.ts";
import { header, POLICY, tapeOf } from "../compliance/tapes.ts";
import { Network } from "../network/network.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { type MemoryOptions, memoryPair } from "./pair.ts";

/** One byte per microsecond: a frame of 1000 bytes takes a millisecond. */
const NARROW = { latencyMs: 5, bytesPerMs: 1000 };
const SILENT: LaneSink = { onDropped: () => {} };

interface Scene {
	readonly clock: VirtualClock;
	readonly network: Network;
	readonly client: Connection;
	readonly server: Connection;
	/** What the client received, in order: tag of the stream and its end. */
	readonly ended: string[];
	readonly ends: { client?: ConnectionEnd; server?: ConnectionEnd };
}

function scene(options: MemoryOptions = {}): Scene {
	const clock = new VirtualClock();
	const network = new Network(clock, NARROW);
	const { client, server } = memoryPair(clock, { frameBytes: 1000, ...options, network });
	const made: Scene = { clock, network, client, server, ended: [], ends: {} };
	client.accept(recorder(made, "client"));
	server.accept(recorder(made, "server"));
	return made;
}

function recorder(made: Scene, side: "client" | "server"): ConnectionSink {
	return {
		onUni: (stream) => {
			let [tag, tagBytes] = [0, 0];
			stream.accept({
				onData: (chunk, fin) => {
					for (const byte of chunk.subarray(0, Math.max(0, 4 - tagBytes))) tag = tag * 256 + byte;
					tagBytes += chunk.byteLength;
					stream.consumed(chunk.byteLength);
					if (fin) made.ended.push(`${tag} whole`);
				},
				onReset: (code) => made.ended.push(`${tag} reset ${code}`),
			});
		},
		onBidi: (stream) => stream.recv.stop(0),
		onDatagram: () => {},
		onEnd: (end) => {
			made.ends[side] = end;
		},
	};
}

test("Lane priority: the higher lane's group is whole before the lower one's goes on", () => {
	const { clock, server, ended } = scene();
	const [low, high] = [
		server.lane({ ...POLICY, priority: 1 }, SILENT),
		server.lane({ ...POLICY, priority: 2 }, SILENT),
	];
	low.play(tapeOf([patternBytes(1, 50_000)]), header(1), 0);
	high.play(tapeOf([patternBytes(2, 50_000)]), header(2), 0);
	clock.runUntilIdle();
	assert.deepEqual(ended, ["2 whole", "1 whole"]);
});

test("Lane order: newest first by default, oldest first when ordered", () => {
	for (const order of ["newest", "oldest"] as const) {
		const { clock, server, ended } = scene();
		const lane = server.lane({ ...POLICY, order }, SILENT);
		for (const tag of [1, 2, 3]) lane.play(tapeOf([patternBytes(tag, 30_000)]), header(tag), tag);
		clock.runUntilIdle();
		assert.deepEqual(ended, order === "newest" ? ["3 whole", "2 whole", "1 whole"] : ["1 whole", "2 whole", "3 whole"]);
	}
});

test("Lane.update() of the priority takes over in the middle of a group", () => {
	const { clock, server, ended } = scene();
	const [first, second] = [
		server.lane({ ...POLICY, priority: 9 }, SILENT),
		server.lane({ ...POLICY, priority: 5 }, SILENT),
	];
	first.play(tapeOf([patternBytes(1, 50_000)]), header(1), 0);
	second.play(tapeOf([patternBytes(2, 50_000)]), header(2), 0);
	clock.run(20);
	first.update({ ...POLICY, priority: 1 });
	clock.runUntilIdle();
	assert.deepEqual(ended, ["2 whole", "1 whole"]);
});

test("Lanes of one priority share the link", () => {
	const { clock, server, ended } = scene();
	const [long, short] = [server.lane(POLICY, SILENT), server.lane(POLICY, SILENT)];
	long.play(tapeOf([patternBytes(1, 100_000)]), header(1), 0);
	short.play(tapeOf([patternBytes(2, 20_000)]), header(2), 0);
	clock.run(55);
	assert.deepEqual(ended, ["2 whole"]);
	clock.runUntilIdle();
	assert.deepEqual(ended, ["2 whole", "1 whole"]);
});

test("Streams outside of lanes go before every lane, by their own priority", () => {
	const { clock, server, ended } = scene();
	server.lane({ ...POLICY, priority: 255 }, SILENT).play(tapeOf([patternBytes(9, 50_000)]), header(9), 0);
	for (const [tag, priority] of [
		[1, -1],
		[2, 5],
	] as const) {
		const stream = server.openUni();
		stream?.prioritise(priority);
		stream?.write(new Uint8Array([...header(tag), ...patternBytes(tag, 20_000)]));
		stream?.finish();
	}
	clock.runUntilIdle();
	assert.deepEqual(ended, ["2 whole", "1 whole", "9 whole"]);
});

test("Lane latency: an older group on a narrow link is given up when its time is over", () => {
	const dropped: string[] = [];
	const { clock, server, ended } = scene();
	const lane = server.lane(
		{ ...POLICY, latencyMs: 30 },
		{ onDropped: (tags, reason) => dropped.push(`${clock.nowMs()} ${tags.join()} ${reason}`) },
	);
	lane.play(tapeOf([patternBytes(1, 60_000)]), header(1), 1);
	clock.run(10);
	lane.play(tapeOf([patternBytes(2, 60_000)]), header(2), 2);
	clock.runUntilIdle();
	assert.deepEqual(dropped, ["40 1 latency"]);
	assert.deepEqual(ended, ["1 reset 2", "2 whole"]);
});

test("Lane budget: the oldest goes when a growing tape exceeds it, the newest never", () => {
	const dropped: string[] = [];
	const { clock, server, ended } = scene();
	const lane = server.lane(
		{ ...POLICY, budgetBytes: 50_000 },
		{ onDropped: (tags, reason) => dropped.push(`${tags.join()} ${reason}`) },
	);
	const tapes = [1, 2, 3].map((tag) => {
		const tape = new Tape("lite-05");
		lane.play(tape, header(tag), tag);
		return tape;
	});
	clock.run(20);
	for (const tape of tapes) tape.append(patternBytes(1, 30_000));
	clock.run(21);
	assert.deepEqual(dropped, ["1 budget"]);
	for (const tape of tapes) tape.finish();
	clock.runUntilIdle();
	assert.deepEqual(ended, ["1 reset 26", "3 whole", "2 whole"]);
});

test("A cut link lets nothing through, keeps it when healed in time, and ends both sides when not", () => {
	const { clock, network, client, server, ended, ends } = scene({ idleMs: 1000 });
	server.lane(POLICY, SILENT).play(tapeOf([patternBytes(1, 5000)]), header(1), 1);
	clock.run(2);
	network.partition("client", "server");
	clock.run(900);
	assert.deepEqual(ended, []);
	network.heal("client", "server");
	clock.run(1900);
	assert.deepEqual([ended, ends], [["1 whole"], {}]);
	network.partition("client", "server");
	clock.runUntilIdle();
	assert.deepEqual(ends.client, { code: 3, reason: "idle", by: "transport" });
	assert.deepEqual(ends.server, ends.client);
	assert.equal(client.openUni(), undefined);
});

test("A link cut one way ends the side that hears nothing, and then the other, which hears nothing from it", () => {
	const { clock, network, ends } = scene({ idleMs: 1000 });
	network.partitionOneWay("server", "client");
	clock.runUntilIdle();
	assert.equal(ends.client?.by, "transport");
	assert.equal(ends.server?.by, "transport");
	assert.equal(clock.nowMs(), 2000);
});

test("Network.crash() of a node: its side hears nothing, the other gives up after the idle time", () => {
	const { clock, network, server, ends, ended } = scene({ idleMs: 1000 });
	server.lane(POLICY, SILENT).play(tapeOf([patternBytes(1, 50_000)]), header(1), 1);
	clock.run(10);
	network.crash("server");
	network.restart("server");
	clock.runUntilIdle();
	assert.deepEqual(ends, { client: { code: 3, reason: "idle", by: "transport" } });
	assert.deepEqual(ended, []);
	assert.equal(server.openUni(), undefined);
	assert.equal(clock.nowMs(), 1010);
});

test("Two runs with one seed are the same, with another they are not", () => {
	const run = (seed: number): string => {
		const clock = new VirtualClock({ seed });
		const network = new Network(clock, { ...NARROW, jitterMs: 30, lossRate: 0.2 });
		const { client, server } = memoryPair(clock, { network, delayMs: 4, randomCuts: true });
		const log: string[] = [];
		const made: Scene = { clock, network, client, server, ended: log, ends: {} };
		client.accept(recorder(made, "client"));
		server.accept(recorder(made, "server"));
		for (let tag = 0; tag < 20; tag++)
			server.lane(POLICY, SILENT).play(tapeOf([patternBytes(tag, 9000)]), header(tag), tag);
		clock.runUntilIdle();
		return `${log.join()} at ${clock.nowMs()}`;
	};
	assert.equal(run(1), run(1));
	assert.notEqual(run(1), run(2));
});
