/** A relay that was killed and started again, and the peers of the one before. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Ear, loadEngine, selfSigned } from "@moq-relay/testkit/engine";
import { RelayProcess } from "../relay-process.ts";

const QUIET = { keepAliveMs: 0 };

describe("moq-relay after kill -9", { timeout: 300_000 }, () => {
	let folder: string;
	const file = (name: string): string => join(folder, name);
	before(async () => {
		folder = await mkdtemp(join(tmpdir(), "moq-reset-"));
		for (const name of ["one", "two"]) {
			const { chain, key } = await selfSigned(["localhost"]);
			await writeFile(file(`${name}.pem`), chain);
			await writeFile(file(`${name}.key`), key);
		}
		await writeFile(file("reset.key"), Buffer.alloc(32, 9));
	});
	after(() => rm(folder, { recursive: true }));

	const shows = (name: string): readonly string[] => {
		return ["--auth-public", "", "--tls-cert", file(`${name}.pem`), "--tls-key", file(`${name}.key`)];
	};
	const keeps = (): readonly string[] => ["--server-quic-reset-key", file("reset.key")];
	const cases: readonly (readonly [string, () => readonly string[], () => readonly string[]])[] = [
		["the same certificate", () => shows("one"), () => shows("one")],
		[
			"another certificate and the same reset_key",
			() => [...shows("one"), ...keeps()],
			() => [...shows("two"), ...keeps()],
		],
	];

	for (const [what, first, second] of cases) {
		test(`moq-relay with ${what} tells the peers of the one before that it does not know them`, async () => {
			using engine = loadEngine();
			const killed = await RelayProcess.start(first());
			const { port } = killed;
			const common = {
				addresses: [{ host: "127.0.0.1", port }],
				serverName: "localhost",
				verify: { disabled: true },
				transport: QUIET,
			};
			const webtransport = { url: `https://localhost:${port}/`, protocols: ["moq-lite-05"] };
			const connections = [
				await engine.connect({ ...common, protocols: ["moq-lite-05"] }),
				await engine.connect({ ...common, webtransport }),
			];
			const ears = connections.map((connection) => new Ear(connection));
			await killed.stop("SIGKILL");
			const relay = await RelayProcess.start(second(), { port });
			try {
				// The next thing that they say; left to themselves they would wait for their idle timeout.
				for (const connection of connections) connection.openUni()?.write(Uint8Array.of(1));
				for (const ear of ears) {
					const end = await ear.ended();
					assert.deepEqual([end.by, end.reason], ["transport", "reset by peer"]);
				}
			} finally {
				await relay.stop();
			}
		});
	}
});
