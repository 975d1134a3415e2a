/**
 * Rust publishers and viewers at our relay, over every scheme that their client dials.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type RustScheme, type Seat, Studio } from "./media-crossing.ts";

const SCHEMES: readonly RustScheme[] = ["https", "http", "moqt", "moql", "wss", "ws"];

describe("our relay between Rust clients", () => {
	let relay: RelayProcess;
	let studio: Studio;
	const seat = (scheme: RustScheme): Seat => ({ client: { kind: "rust", scheme }, relay, path: "/demo" });
	before(async () => {
		relay = await RelayProcess.start();
		studio = new Studio();
	});
	after(async () => {
		studio[Symbol.dispose]();
		await relay.stop();
	});

	for (const scheme of SCHEMES) {
		test(`moq import over ${scheme} reaches moq export over every scheme`, async (t) => {
			const got = await studio.cross({ publisher: seat(scheme), viewers: SCHEMES.map(seat), clip: studio.clip });
			for (const line of got) t.diagnostic(line);
		});
	}

	test("the check fails when another clip is published", async () => {
		const crossing = {
			publisher: seat("https"),
			viewers: [seat("moqt")],
			clip: studio.otherClip,
			expected: studio.clip,
		};
		await assert.rejects(studio.cross({ ...crossing, deadlineMs: 1000 }), /packet is not of the clip/);
	});
});
