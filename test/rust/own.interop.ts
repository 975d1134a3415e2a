/**
 * Our clients and the Rust ones, at our relay and at the Rust relay.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type Client, nameOf, Studio } from "./media-crossing.ts";
import { ReferenceRelay } from "./reference.ts";

const OURS: readonly Client[] = [
	{ kind: "ours", transport: "webtransport" },
	{ kind: "ours", transport: "quic" },
	// The Rust relay has its HTTPS, and so its wss, from certificate files only.
	{ kind: "ours", transport: "websocket", isPlain: true },
];
const RUST: readonly Client[] = (["https", "moqt", "ws"] as const).map((scheme) => ({ kind: "rust", scheme }));

describe("our clients and the Rust ones", () => {
	let ours: RelayProcess;
	let rust: ReferenceRelay;
	let studio: Studio;
	before(async () => {
		ours = await RelayProcess.start();
		rust = await ReferenceRelay.start();
		studio = new Studio();
	});
	after(async () => {
		studio[Symbol.dispose]();
		await rust[Symbol.asyncDispose]();
		await ours.stop();
	});

	for (const [where, at] of [
		["our relay", () => ours],
		["the Rust relay", () => rust],
	] as const) {
		for (const client of [...RUST, ...OURS]) {
			const others = client.kind === "rust" ? OURS : [...OURS, ...RUST];
			const whom = client.kind === "rust" ? "moq subscribe" : "moq subscribe and moq export";
			test(`${nameOf(client)} publishes through ${where} to ${whom} over every transport`, async (t) => {
				const relay = at();
				const publisher = { client, relay };
				const viewers = others.map((other) => ({ client: other, relay }));
				for (const line of await studio.cross({ publisher, viewers, clip: studio.clip })) t.diagnostic(line);
			});
		}
	}

	test("the check of our viewer fails when another clip is published", async () => {
		const [client] = OURS;
		assert.ok(client !== undefined);
		const [publisher, viewers] = [{ client, relay: ours }, [{ client, relay: rust }]];
		const silent = studio.cross({ publisher, viewers, clip: studio.clip, deadlineMs: 1000 });
		await assert.rejects(silent, /no recording|no video packets|Command failed/);
		const other = { clip: studio.otherClip, expected: studio.clip, deadlineMs: 1000 };
		const wrong = studio.cross({ publisher, viewers: [publisher], ...other });
		await assert.rejects(wrong, /packet is not of the clip/);
	});
});
