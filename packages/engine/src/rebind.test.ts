import assert from "node:assert/strict";
import { test } from "node:test";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, loadEngine, Nat, selfSigned } from "@moq-relay/testkit/engine";

test("Engine with several threads keeps a connection whose address changes", { timeout: 60_000 }, async () => {
	using server = loadEngine({ threads: 4 });
	using client = loadEngine();
	const certificate = await selfSigned(["localhost"]);
	const ears: Ear[] = [];
	const endpoint = await server.listen(
		{ host: "127.0.0.1", port: 0, certificates: [certificate], protocols: ["test"] },
		{ onIncoming: (incoming) => ears.push(new Ear(incoming.accept("test"))) },
	);
	using nat = await Nat.between(endpoint.address.port);
	const connection = await client.connect({
		addresses: [{ host: "127.0.0.1", port: nat.port }],
		serverName: "localhost",
		verify: { fingerprints: [certificate.fingerprint] },
		protocols: ["test"],
	});
	const own = new Ear(connection);
	await settleInRealTime(() => ears.length === 1);
	const stream = connection.openUni();
	// by the addresses' hash alone, all of ten new ports would meet the right one of four threads once in a million runs
	for (let round = 1; round <= 10; round++) {
		await nat.rebind();
		stream?.write(Uint8Array.of(round));
		await ears[0]?.heard(round);
	}
	assert.equal(own.end, undefined);
	assert.equal(server.stats().connections, 1);
});
