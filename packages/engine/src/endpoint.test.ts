import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, Peers, selfSigned, testAuthority } from "@moq-relay/testkit/engine";
import { Engine } from "./engine.ts";

describe("Endpoint", { timeout: 60_000 }, () => {
	test("Engine.listen() on :: takes IPv4 and IPv6 clients, and names IPv4 ones plainly", async () => {
		using peers = await Peers.start({ host: "::" });
		const { port } = peers.endpoint.address;
		await peers.dial({ addresses: [{ host: "127.0.0.1", port }] });
		assert.match((await peers.knock(1)).info.remote, /^127\.0\.0\.1:\d+$/);
		if (peers.endpoint.address.host === "::") {
			await peers.dial({ addresses: [{ host: "::1", port }] });
			assert.match((await peers.knock(2)).info.remote, /^\[::1\]:\d+$/);
		}
		assert.ok(peers.endpoint.udpBuffers.receiveBytes > 0 && peers.endpoint.udpBuffers.sendBytes > 0);
	});

	test("Engine.listen() says in one line what is wrong", async () => {
		using peers = await Peers.start();
		const good = peers.certificate;
		const other = await selfSigned(["localhost"]);
		const listen = (options: object): Promise<unknown> =>
			peers.server.listen(
				{ host: "127.0.0.1", port: 0, certificates: [good], protocols: ["test"], ...options },
				{ onIncoming: () => {} },
			);
		const cases: [object, RegExp][] = [
			[{ port: peers.endpoint.address.port }, /^cannot bind UDP 127\.0\.0\.1:\d+: the port is in use \(EADDRINUSE\)$/],
			[{ host: "203.0.113.1" }, /EADDRNOTAVAIL/],
			[{ host: "localhost" }, /^"localhost" is no IP address$/],
			[{ certificates: [] }, /^0 certificates given/],
			[{ certificates: [good, { ...good, key: other.key }] }, /^certificate 2: the key does not belong/],
			[{ certificates: [{ ...good, chain: "nonsense" }] }, /^certificate 1: the chain holds no certificate$/],
			[{ certificates: [{ ...good, key: "nonsense" }] }, /^certificate 1: the key is not PEM/],
			[{ clientRoots: "nonsense" }, /^client roots: /],
		];
		for (const [options, message] of cases) await assert.rejects(listen(options), { message });
	});

	test("Engine.listen() chooses the certificate by the name that is asked for", async () => {
		const [first, second] = [await selfSigned(["one.test"]), await selfSigned(["two.test", "*.wild.test"])];
		using peers = await Peers.start({ certificates: [first, second] });
		const trusting = (fingerprint: string, serverName: string): Promise<unknown> =>
			peers.dial({ serverName, verify: { fingerprints: [fingerprint] } });
		await trusting(first.fingerprint, "one.test");
		await trusting(second.fingerprint, "two.test");
		await trusting(second.fingerprint, "a.wild.test");
		await trusting(first.fingerprint, "unknown.test");
		await trusting(first.fingerprint, "127.0.0.1");
		await assert.rejects(trusting(first.fingerprint, "two.test"), { kind: "certificate" });
	});

	test("Endpoint.setCertificates() counts for new connections and leaves running ones alone", async () => {
		using peers = await Peers.start();
		const before = new Ear(await peers.dial());
		const ear = new Ear((await peers.knock()).accept("test"));
		const next = await selfSigned(["localhost"]);
		await peers.endpoint.setCertificates([next]);
		await assert.rejects(peers.dial(), { kind: "certificate" });
		await peers.dial({ verify: { fingerprints: [next.fingerprint] } });
		assert.equal(before.end, undefined);
		assert.equal(ear.end, undefined);
	});

	test("Endpoint.setCertificates() of a bad pair names it and changes nothing", async () => {
		using peers = await Peers.start();
		const other = await selfSigned(["localhost"]);
		const bad = { chain: other.chain, key: peers.certificate.key };
		await assert.rejects(peers.endpoint.setCertificates([other, bad]), /^Error: certificate 2: /);
		await peers.dial();
	});

	test("Engine.listen() verifies client certificates and names them", async () => {
		const authority = await testAuthority();
		using peers = await Peers.start({ clientRoots: authority.root });
		const certificate = await authority.issue(["client"]);
		await peers.dial({ certificate });
		const { info } = await peers.knock(1);
		assert.equal(info.peerCertificate, certificate.fingerprint);
		assert.ok(info.peerIdentity?.names.includes("client"), String(info.peerIdentity?.names));
		assert.ok((info.peerIdentity?.notAfterMs ?? 0) > Date.now());
		await peers.dial();
		assert.equal((await peers.knock(2)).info.peerCertificate, undefined);
	});

	test("Engine.listen() can insist on client certificates, and believes its own roots only", async () => {
		const [authority, stranger] = [await testAuthority(), await testAuthority()];
		using peers = await Peers.start({ clientRoots: authority.root, clientCertificateRequired: true });
		await peers.dial({ certificate: await authority.issue(["client"]) });
		await peers.knock(1);
		for (const options of [{}, { certificate: await stranger.issue(["client"]) }]) {
			// the client's side of the handshake is through before the server has looked
			const outcome = await peers.dial(options).then(
				async (connection) => (await new Ear(connection).ended()).by,
				(error: unknown) => (error instanceof Error ? error.name : ""),
			);
			assert.ok(outcome === "transport" || outcome === "ConnectError", outcome);
		}
		assert.equal(peers.incoming.length, 1);
	});

	test("Endpoint.close() refuses newcomers, keeps connections, and frees the port with the last", async () => {
		using peers = await Peers.start();
		const connection = await peers.dial();
		const client = new Ear(connection);
		const ear = new Ear((await peers.knock()).accept("test"));
		peers.endpoint.close();
		await assert.rejects(peers.dial({ timeoutMs: 300 }));
		const stream = connection.openUni();
		stream?.write(Buffer.from("still here"));
		assert.equal((await ear.heard(10)).toString(), "still here");
		connection.close(0, "");
		await client.ended();
		await settleInRealTime(() => peers.server.stats().connections === 0);
		const { host, port } = peers.endpoint.address;
		const again = await peers.server.listen(
			{ host, port, certificates: [peers.certificate], protocols: ["test"] },
			{ onIncoming: () => {} },
		);
		assert.equal(again.address.port, port);
	});

	test("Engine.listen() refuses handshakes beyond handshakesPendingMax", async () => {
		using peers = await Peers.start({ handshakesPendingMax: 1 });
		await peers.dial();
		const first = await peers.knock();
		await assert.rejects(peers.dial(), { kind: "refused" });
		assert.equal(peers.server.stats().handshakesRefused, 1);
		new Ear(first.accept("test"));
		await settleInRealTime(() => true);
		await peers.dial();
	});

	test("Engine.listen() makes newcomers prove their address while many are pending", async () => {
		using peers = await Peers.start({ retryAbove: 0 });
		await peers.dial();
		assert.equal((await peers.knock(1)).info.validated, false);
		await peers.dial();
		assert.equal((await peers.knock(2)).info.validated, true);
		assert.equal(peers.server.stats().handshakesRetried, 1);
	});

	test("Engine.listen() gives up a peer that nobody answers for", async () => {
		using peers = await Peers.start({ handshakeTimeoutMs: 50 });
		const ear = new Ear(await peers.dial());
		assert.equal((await ear.ended()).reason, "handshake timed out");
		assert.equal(peers.server.stats().handshakesTimedOut, 1);
		await assert.rejects(peers.dialSession(), { kind: "closed" });
		const late = new Ear((await peers.knock(1)).accept("test"));
		assert.equal((await late.ended()).by, "transport");
	});

	test("Engine.load() gives an engine or a line that says what to do", () => {
		const engine = Engine.load();
		if ("missing" in engine) assert.match(engine.missing, /npm run build/);
		else engine.close();
	});
});
