/**
 * Every version of moq-lite that the Rust programs can be restricted to, on either side.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type Client, nameOf, Studio } from "./media-crossing.ts";
import type { OwnTransport } from "./own.ts";
import { ReferenceRelay, type RustScheme } from "./reference.ts";

const VERSIONS: readonly string[] = ["moq-lite-05", "moq-lite-04", "moq-lite-03", "moq-lite-02", "moq-lite-01"];
const SCHEMES: readonly RustScheme[] = ["https", "moqt", "ws"];
const TRANSPORTS: readonly OwnTransport[] = ["webtransport", "quic", "websocket"];

const rust = (scheme: RustScheme): Client => ({ kind: "rust", scheme });
const own = (transport: OwnTransport): Client => ({ kind: "ours", transport, isPlain: transport === "websocket" });

describe("each version of the Rust client at our relay", () => {
	let relay: RelayProcess;
	let studio: Studio;
	before(async () => {
		relay = await RelayProcess.start();
		studio = new Studio();
	});
	after(async () => {
		studio[Symbol.dispose]();
		await relay.stop();
	});

	for (const scheme of SCHEMES) {
		for (const version of VERSIONS) {
			const publisher: Client = { kind: "rust", scheme, version };
			test(`${nameOf(publisher)} reaches viewers of every version`, async (t) => {
				const clients = VERSIONS.flatMap((spoken) => SCHEMES.map((way) => ({ ...rust(way), version: spoken })));
				const viewers = clients.map((client) => ({ client, relay }));
				const got = await studio.cross({ publisher: { client: publisher, relay }, viewers, clip: studio.clip });
				for (const line of got) t.diagnostic(line);
			});
		}
	}
});

describe("our relay restricted to one version", () => {
	let studio: Studio;
	before(() => {
		studio = new Studio();
	});
	after(() => studio[Symbol.dispose]());

	for (const [index, version] of VERSIONS.entries()) {
		test(`--server-version ${version} is what Rust clients then speak`, async (t) => {
			const relay = await RelayProcess.start(["--auth-public", "", "--server-version", version]);
			try {
				const seats = SCHEMES.map((scheme) => ({ client: rust(scheme), relay, speaks: version }));
				const publisher = seats[index % seats.length];
				assert.ok(publisher !== undefined);
				for (const line of await studio.cross({ publisher, viewers: seats, clip: studio.clip })) t.diagnostic(line);
				const client: Client = { ...rust("https"), version: VERSIONS[(index + 1) % VERSIONS.length] ?? "" };
				const other = studio.cross({
					publisher,
					viewers: [{ client, relay }],
					clip: studio.clip,
					deadlineMs: 1000,
					connectMs: 5000,
				});
				await assert.rejects(other, /does not connect|ended early/, `${nameOf(client)} is let in`);
			} finally {
				await relay.stop();
			}
		});
	}
});

describe("the Rust relay restricted to one version", () => {
	let studio: Studio;
	before(() => {
		studio = new Studio();
	});
	after(() => studio[Symbol.dispose]());

	for (const [index, version] of VERSIONS.entries()) {
		test(`--server-version ${version} is what our clients then speak`, async (t) => {
			await using relay = await ReferenceRelay.start(["--auth-public", "", "--server-version", version]);
			const seats = TRANSPORTS.map((transport) => ({ client: own(transport), relay, speaks: version }));
			const publisher = seats[index % seats.length];
			assert.ok(publisher !== undefined);
			for (const line of await studio.cross({ publisher, viewers: seats, clip: studio.clip })) t.diagnostic(line);
		});
	}
});

describe("each version of our client at the Rust relay", () => {
	let relay: ReferenceRelay;
	let studio: Studio;
	before(async () => {
		relay = await ReferenceRelay.start();
		studio = new Studio();
	});
	after(async () => {
		studio[Symbol.dispose]();
		await relay[Symbol.asyncDispose]();
	});

	for (const [index, version] of VERSIONS.entries()) {
		const publisher: Client = { ...own(TRANSPORTS[index % TRANSPORTS.length] ?? "quic"), version };
		test(`${nameOf(publisher)} reaches ours of every version`, async (t) => {
			const clients = VERSIONS.map((spoken, at) => ({ ...own(TRANSPORTS[at % 3] ?? "quic"), version: spoken }));
			const viewers = clients.map((client) => ({ client, relay }));
			const got = await studio.cross({ publisher: { client: publisher, relay }, viewers, clip: studio.clip });
			for (const line of got) t.diagnostic(line);
		});
	}
});
