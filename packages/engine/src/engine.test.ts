import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tape } from "@moq-relay/core";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, loadEngine, Peers, selfSigned } from "@moq-relay/testkit/engine";
import { EngineConnection } from "./connection.ts";

const OPTIONS = { timeout: 60_000 };

describe("Engine", OPTIONS, () => {
	test("Engine.connect() on raw QUIC tells both sides what they are", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		const { info } = await peers.knock();
		assert.equal(info.transport, "quic");
		assert.equal(info.alpn, "test");
		assert.equal(info.host, "localhost");
		assert.equal(info.validated, false);
		assert.match(info.remote, /^127\.0\.0\.1:\d+$/);
		assert.deepEqual([info.path, info.authority, info.origin, info.peerCertificate], Array(4).fill(undefined));
		assert.equal(connection.info.server, false);
		assert.equal(connection.info.protocol, "test");
		assert.equal(connection.info.remote, `127.0.0.1:${peers.endpoint.address.port}`);
		assert.ok(connection.info.datagramBytesMax > 1000);
	});

	test("Engine.connect() on WebTransport tells the server what was asked for, and the client what was chosen", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => new Ear(incoming.accept("b"));
		const url = `https://localhost:${peers.endpoint.address.port}/demo/a%20b?jwt=x.y`;
		const connection = await peers.dial({
			webtransport: { url, protocols: ["a", "b"], authorization: "Bearer secret" },
		});
		const { info } = await peers.knock();
		assert.equal(info.transport, "webtransport");
		assert.equal(info.alpn, "h3");
		assert.equal(info.path, "/demo/a%20b?jwt=x.y");
		assert.equal(info.authority, `localhost:${peers.endpoint.address.port}`);
		assert.equal(info.authorization, "Bearer secret");
		assert.deepEqual(info.protocols, ["a", "b"]);
		assert.equal(connection.info.protocol, "b");
		assert.equal(connection.info.path, "/demo/a%20b?jwt=x.y");
	});

	test("Incoming.accept() with no protocol answers none", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => new Ear(incoming.accept(""));
		assert.equal((await peers.dialSession()).info.protocol, "");
	});

	test("Incoming.accept() delivers what the peer sent before it was let in", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		const stream = connection.openUni();
		stream?.write(Buffer.from("early"));
		stream?.finish();
		connection.lane(POLICY, { onDropped: () => {} }).datagram(Buffer.from("lost"));
		const incoming = await peers.knock();
		const ear = new Ear(incoming.accept("test"));
		assert.equal((await ear.heard(5)).toString(), "early");
	});

	test("Incoming.reject() answers a WebTransport client with the HTTP status", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => incoming.reject(429);
		await assert.rejects(peers.dialSession(), { name: "ConnectError", kind: "status", status: 429 });
		await settleInRealTime(() => peers.server.stats().connections === 0);
	});

	test("Incoming.reject() closes raw QUIC with 6 where access is refused", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => incoming.reject(403);
		const ear = new Ear(await peers.dial());
		assert.deepEqual(await ear.ended(), { code: 6, reason: "", by: "remote" });
	});

	test("Incoming.close() lets a WebTransport session begin, so that the client reads the code", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => incoming.close(6, "no token");
		const ear = new Ear(await peers.dialSession());
		assert.deepEqual(await ear.ended(), { code: 6, reason: "no token", by: "remote" });
	});

	test("Incoming.accept() of a peer that has left ends at once", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		const incoming = await peers.knock();
		connection.close(9, "bye");
		await settleInRealTime(() => peers.server.stats().connections === 0);
		const ear = new Ear(incoming.accept("test"));
		assert.deepEqual(await ear.ended(), { code: 9, reason: "bye", by: "remote" });
	});

	test("Engine loses one connection to a panic, reports it, and keeps the others", async () => {
		using peers = await Peers.start();
		const ears: Ear[] = [];
		peers.onIncoming = (incoming) => ears.push(new Ear(incoming.accept("test")));
		const [victim, other] = [await peers.dial(), await peers.dial()];
		const [victimEar] = [new Ear(victim), new Ear(other)];
		await settleInRealTime(() => ears.length === 2);
		assert.ok(victim instanceof EngineConnection);
		victim.commands.panic(victim.key);
		assert.deepEqual(await victimEar.ended(), { code: 0, reason: "internal error", by: "transport" });
		const stream = other.openUni();
		stream?.write(Buffer.from("alive"));
		assert.equal((await ears[1]?.heard(5))?.toString(), "alive");
		assert.equal(peers.client.stats().panics, 1);
		assert.equal(peers.faults.length, 1);
		assert.match(peers.faults[0] ?? "", /a test asked for this panic/);
		assert.equal(peers.client.stats().connections, 1);
	});

	test("Engine ends the connection whose sink throws, and reports it", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		const ear = new Ear(connection);
		const incoming = await peers.knock();
		incoming.accept("test").accept({
			onUni: () => {
				throw new Error("a sink's mistake");
			},
			onBidi: () => {},
			onDatagram: () => {},
			onEnd: () => {},
		});
		connection.openUni()?.finish();
		assert.equal((await ear.ended()).reason, "internal error");
		assert.match(peers.faults.splice(0).join(), /a sink's mistake/);
	});

	test("Engine.close() ends its connections, and rejects what comes after", async () => {
		const peers = await Peers.start();
		const ear = new Ear(await peers.dial());
		const serverEar = new Ear((await peers.knock()).accept("test"));
		peers.client.close();
		assert.deepEqual(ear.end, { code: 0, reason: "", by: "local" });
		assert.equal((await serverEar.ended()).by, "remote");
		await assert.rejects(peers.dial(), { kind: "engine" });
		await assert.rejects(peers.client.listen(LISTEN, { onIncoming: () => {} }), /closed/);
		peers.client.close();
		peers.server.close();
	});

	test("Engine.stats() counts tapes in native memory, which go when they are evicted", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		new Ear((await peers.knock()).accept("test"));
		const tape = new Tape("lite-05");
		tape.append(new Uint8Array(1000));
		connection.lane(POLICY, { onDropped: () => {} }).play(tape, new Uint8Array(4), 1);
		await settleInRealTime(() => peers.client.stats().tapeBytes === 1000);
		assert.equal(peers.client.stats().tapes, 1);
		tape.evict();
		await settleInRealTime(() => peers.client.stats().tapes === 0);
		assert.equal(peers.client.stats().tapeBytes, 0);
	});

	test("EngineConnection.stats() measures the path once asked", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		new Ear(connection);
		new Ear((await peers.knock()).accept("test"));
		await settleInRealTime(() => connection.stats().rttMs > 0);
		const stats = connection.stats();
		assert.ok(stats.bytesSent > 0 && stats.bytesReceived > 0 && stats.congestionWindowBytes > 0 && stats.bitrate > 0);
	});

	test("Engine with several threads serves connections on all of them", async () => {
		using server = loadEngine({ threads: 3 });
		using client = loadEngine({ threads: 2 });
		const certificate = await selfSigned(["localhost"]);
		const threads = new Set<number>();
		const endpoint = await server.listen(
			{ ...LISTEN, certificates: [certificate] },
			{
				onIncoming: (incoming) => {
					const connection = incoming.accept("test");
					if (connection instanceof EngineConnection) threads.add(connection.key.thread);
					new Ear(connection);
				},
			},
		);
		const verify = { fingerprints: [certificate.fingerprint] };
		// each thread dials from one port, so different ports reach different threads of the server by the kernel's hash
		for (let round = 0; round < 40 && threads.size < 2; round++) {
			using other = loadEngine();
			const dialler = round % 2 === 0 ? client : other;
			const dialled = await dialler.connect({
				addresses: [endpoint.address],
				serverName: "localhost",
				verify,
				protocols: ["test"],
			});
			const ear = new Ear(dialled);
			dialled.close(0, "");
			await ear.ended();
		}
		assert.ok(threads.size >= 2, `${threads.size} threads served`);
		assert.equal(server.stats().threads, 3);
	});
});

const POLICY = { priority: 0, order: "newest", latencyMs: 1000, budgetBytes: 1000 } as const;
const LISTEN = { host: "127.0.0.1", port: 0, certificates: [], protocols: ["test"] };
