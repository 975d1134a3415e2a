import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, loadEngine, selfSigned } from "@moq-relay/testkit/engine";

/** Stands between a client and a server and can change the port that the server sees, as a NAT does. */
class Nat implements Disposable {
	readonly port: number;
	readonly #inside: Socket;
	readonly #target: number;
	#outside: Socket;
	#client: RemoteInfo | undefined;

	private constructor(inside: Socket, outside: Socket, target: number) {
		this.#inside = inside;
		this.#outside = outside;
		this.#target = target;
		this.port = inside.address().port;
		inside.on("message", (packet, from) => {
			this.#client = from;
			this.#outside.send(packet, this.#target, "127.0.0.1");
		});
		this.#listen();
	}

	static async between(target: number): Promise<Nat> {
		return new Nat(await bound(), await bound(), target);
	}

	async rebind(): Promise<void> {
		this.#outside.close();
		this.#outside = await bound();
		this.#listen();
	}

	[Symbol.dispose](): void {
		this.#inside.close();
		this.#outside.close();
	}

	#listen(): void {
		this.#outside.on("message", (packet) => {
			if (this.#client !== undefined) this.#inside.send(packet, this.#client.port, this.#client.address);
		});
	}
}

async function bound(): Promise<Socket> {
	const socket = createSocket("udp4").bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}

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
