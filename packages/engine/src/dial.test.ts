import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, Peers, selfSigned, testAuthority } from "@moq-relay/testkit/engine";

describe("Engine.connect()", { timeout: 60_000 }, () => {
	test("Engine.connect() believes fingerprints, own roots, or nobody", async () => {
		const authority = await testAuthority();
		const issued = await authority.issue(["localhost", "127.0.0.1"]);
		using peers = await Peers.start({ certificates: [issued] });
		const colons = issued.fingerprint.toUpperCase().replaceAll(/(..)(?=.)/g, "$1:");
		const good = [
			{ verify: { roots: authority.root } },
			{ verify: { roots: authority.root }, serverName: "127.0.0.1" },
			{ verify: { roots: authority.root, system: true } },
			{ verify: { fingerprints: ["00".repeat(32), colons] }, serverName: "anything.test" },
			{ verify: { disabled: true } },
		];
		for (const options of good) new Ear(await peers.dial(options)).end = undefined;
		const bad = [
			{ verify: {} },
			{ verify: { roots: (await testAuthority()).root } },
			{ verify: { roots: authority.root }, serverName: "other.test" },
			{ verify: { fingerprints: ["00".repeat(32)] } },
		];
		for (const options of bad) await assert.rejects(peers.dial(options), { kind: "certificate" });
	});

	test("Engine.connect() says what cannot be used", async () => {
		using peers = await Peers.start();
		const cases = [
			{ addresses: [] },
			{ addresses: [{ host: "localhost", port: 1 }] },
			{ verify: { roots: "nonsense" } },
			{ certificate: { chain: peers.certificate.chain, key: (await selfSigned(["x"])).key } },
			{ webtransport: { url: "nonsense", protocols: [] } },
			{ protocols: ["test"], webtransport: { url: "https://localhost/", protocols: [] } },
		];
		for (const options of cases) await assert.rejects(peers.dial(options), { name: "ConnectError", kind: "options" });
	});

	test("Engine.connect() without a protocol in common fails as such", async () => {
		using peers = await Peers.start();
		await assert.rejects(peers.dial({ protocols: ["other"] }), { kind: "protocol" });
	});

	test("Engine.connect() of WebTransport to a server without it fails as such", async () => {
		using peers = await Peers.start({ webtransport: false });
		await assert.rejects(peers.dialSession(), { kind: "protocol" });
	});

	test("Engine.connect() where nobody listens fails at once", async () => {
		using peers = await Peers.start();
		const socket = createSocket("udp4").bind(0, "127.0.0.1");
		await once(socket, "listening");
		const { port } = socket.address();
		socket.close();
		await assert.rejects(peers.dial({ addresses: [{ host: "127.0.0.1", port }] }), { kind: "unreachable" });
	});

	test("Engine.connect() to a silent host times out, and can be aborted", async () => {
		using peers = await Peers.start();
		const socket = createSocket("udp4").bind(0, "127.0.0.1");
		await once(socket, "listening");
		const addresses = [{ host: "127.0.0.1", port: socket.address().port }];
		await assert.rejects(peers.dial({ addresses, timeoutMs: 100 }), { kind: "timeout" });
		const abort = new AbortController();
		const dialled = peers.dial({ addresses, signal: abort.signal });
		await once(socket, "message");
		abort.abort();
		await assert.rejects(dialled, { kind: "aborted" });
		await assert.rejects(peers.dial({ signal: abort.signal }), { kind: "aborted" });
		await settleInRealTime(() => peers.client.stats().connections === 0);
		socket.close();
	});

	test("Engine.connect() goes on to the next address when one fails or stays silent", async () => {
		using peers = await Peers.start();
		const socket = createSocket("udp4").bind(0, "127.0.0.1");
		await once(socket, "listening");
		const silent = { host: "127.0.0.1", port: socket.address().port };
		const connection = await peers.dial({ addresses: [{ host: "nonsense", port: 1 }, silent, peers.endpoint.address] });
		assert.equal(connection.info.remote, `127.0.0.1:${peers.endpoint.address.port}`);
		socket.close();
	});

	test("Engine.connect() reports the code with which the server closed", async () => {
		using peers = await Peers.start();
		peers.onIncoming = (incoming) => incoming.reject(404);
		await assert.rejects(peers.dialSession(), { kind: "status", status: 404 });
	});
});
