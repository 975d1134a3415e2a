import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Connection } from "@moq-relay/core";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, Peers } from "@moq-relay/testkit/engine";
import { EngineConnection } from "./connection.ts";

describe("Engine under floods", { timeout: 60_000 }, () => {
	test("Engine gets every one of many tiny streams through", async () => {
		using peers = await Peers.start({ transport: { uniStreamsMax: 100 } });
		const connection = await peers.dial();
		const ear = new Ear((await peers.knock()).accept("test"));
		new Ear(connection);
		for (let sent = 0; sent < STREAMS; sent++) {
			if (sent % 500 === 499) await settleInRealTime(() => ear.streams >= sent - 499);
			const stream = connection.openUni();
			stream?.write(Uint8Array.of(1));
			stream?.finish();
		}
		await settleInRealTime(() => ear.streams === STREAMS);
		assert.equal((await ear.heard(STREAMS)).byteLength, STREAMS);
	});

	test("Engine gives JavaScript a bounded number of events between two reads", async () => {
		using peers = await Peers.start({ transport: { uniStreamsMax: 100 } });
		const connection = await peers.dial();
		const ear = new Ear((await peers.knock()).accept("test"));
		new Ear(connection);
		for (let sent = 0; sent < 900; sent++) {
			const stream = connection.openUni();
			stream?.write(Uint8Array.of(1));
			stream?.finish();
		}
		// the thread works on while this one does not read
		await new Promise((resolve) => setImmediate(resolve));
		const until = performance.now() + 50;
		while (performance.now() < until);
		await settleInRealTime(() => ear.streams === 900);
	});

	test("Engine drops datagrams that nobody reads, not the connection", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		new Ear(connection);
		const ear = new Ear((await peers.knock()).accept("test"));
		const lane = connection.lane(POLICY, { onDropped: () => {} });
		for (let sent = 0; sent < 20_000; sent++) lane.datagram(Buffer.alloc(1000, sent));
		await echo(connection, ear);
		assert.ok(ear.datagrams.length < 20_000);
		assert.equal(ear.end, undefined);
	});

	test("Engine ignores commands that make no sense", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		new Ear(connection);
		const ear = new Ear((await peers.knock()).accept("test"));
		assert.ok(connection instanceof EngineConnection);
		const { commands, key } = connection;
		const stranger = { thread: key.thread, id: key.id + 1 };
		for (const target of [key, stranger]) {
			commands.accept(target, "again");
			commands.reject(target, 404);
			commands.write(target, 9999, new Uint8Array(5));
			commands.finish(target, 9999);
			commands.reset(target, 9999, 1);
			commands.stop(target, 9999, 1);
			commands.credit(target, 9999, 4_000_000_000);
			commands.prioritise(target, 9999, -5);
			commands.streamPlay(target, 9999, 12345);
			commands.laneClose(target, 9999, 1);
			commands.play(12345, { connection: target, lane: 9999, tag: 1, header: new Uint8Array(3) });
			commands.datagram(target, new Uint8Array(5000));
		}
		commands.tapeFinish(777);
		commands.tapeAbort(777, 1);
		commands.tapeForget(778);
		commands.connectCancel(4711, 0);
		commands.endpointClose(4711);
		await echo(connection, ear);
		assert.deepEqual(peers.faults, []);
	});
});

/** A stream still comes through. */
async function echo(connection: Connection, ear: Ear): Promise<void> {
	const before = ear.streams;
	connection.openUni()?.finish();
	await settleInRealTime(() => ear.streams > before);
}

const STREAMS = 5000;
const POLICY = { priority: 0, order: "newest", latencyMs: 1000, budgetBytes: 1000 } as const;
