import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { Connection } from "@moq-relay/core";
import { settleInRealTime } from "@moq-relay/testkit";
import { Ear, Nat, Peers } from "@moq-relay/testkit/engine";

describe("Endpoint with a reset secret", { timeout: 60_000 }, () => {
	for (const kind of ["QUIC", "WebTransport"] as const) {
		test(`Endpoint tells peers over ${kind} of another process with its secret that it does not know them`, async () => {
			const secret = randomBytes(32);
			using before = await Peers.start({ resetSecret: secret });
			using stranger = await Peers.start({ resetSecret: randomBytes(32) });
			using next = await Peers.start({ resetSecret: secret });
			const port = (peers: Peers): number => peers.endpoint.address.port;
			using nat = await Nat.between(port(before));
			const addresses = [{ host: "127.0.0.1", port: nat.port }];
			const quiet = { addresses, transport: { keepAliveMs: 0 } };
			before.onIncoming = (incoming) => new Ear(incoming.accept("a"));
			const connection = await (kind === "QUIC" ? before.dial(quiet) : before.dialSession("/", quiet));
			const ear = new Ear(connection);

			nat.target = port(stranger);
			speak(connection);
			await settleInRealTime(() => stranger.server.stats().resetsSent > 0);
			// What the stranger answered has arrived when a later datagram through the same sockets has.
			await settleInRealTime(() => stranger.server.stats().resetsSent > 1);
			assert.equal(ear.end, undefined);

			nat.target = port(next);
			speak(connection);
			const end = await ear.ended();
			assert.deepEqual([end.by, end.reason], ["transport", "reset by peer"]);
			assert.ok(next.server.stats().resetsSent > 0);
		});
	}

	test("Endpoint answers packets of nobody's with less than it got", async () => {
		using peers = await Peers.start({ resetSecret: randomBytes(32) });
		const { port } = peers.endpoint.address;
		const socket = createSocket("udp4").bind(0, "127.0.0.1");
		await once(socket, "listening");
		const answers: Buffer[] = [];
		socket.on("message", (answer) => answers.push(answer));
		for (const length of [22, 23, 30, 41, 42, 43, 100, 1200]) {
			answers.length = 0;
			// The next one is asked only when an answer is there, and resets have a rate: so it is asked again.
			await settleInRealTime(() => {
				if (answers.length > 0) return true;
				const question = randomBytes(length);
				question[0] = 0x40;
				socket.send(question, port, "127.0.0.1");
				return false;
			});
			assert.ok(answers[0] !== undefined && answers[0].length < length, `${answers[0]?.length} bytes for ${length}`);
		}
		socket.close();
	});
});

function speak(connection: Connection): void {
	const stream = connection.openUni();
	stream?.write(Uint8Array.of(1));
	stream?.finish();
}
