/**
 * Rust publishers and viewers at our relay, over every scheme that their client dials.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { verifyRecording } from "./clip.ts";
import { eventually } from "./eventually.ts";
import { type Seat, Studio } from "./media-crossing.ts";
import { exportClip, type RustScheme } from "./reference.ts";

const TRANSPORTS: Readonly<Record<RustScheme, string>> = {
	https: "webtransport",
	http: "webtransport",
	moqt: "quic",
	moql: "quic",
	wss: "websocket",
	ws: "websocket",
};
const SCHEMES = Object.keys(TRANSPORTS) as readonly RustScheme[];

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

	for (const scheme of SCHEMES) {
		test(`${scheme} is ${TRANSPORTS[scheme]}, and without a publisher there is nothing to record`, async () => {
			const url = new URL(`${scheme}://localhost:${relay.port}/`);
			const file = studio.file();
			const before = relay.log.length;
			await using viewer = exportClip({ url, broadcast: "nobody.hang" }, file);
			const opened = await eventually(() => {
				const line = relay.log.slice(before).find((candidate) => candidate.includes('"session.open"'));
				assert.ok(line !== undefined, `${viewer.name} does not come`);
				return line;
			});
			assert.equal((JSON.parse(opened) as { transport?: string }).transport, TRANSPORTS[scheme]);
			const check = (): string => verifyRecording(file, studio.clip, { lateMs: 0, lostMs: 0 });
			await assert.rejects(eventually(check, 1000), /Command failed: ffprobe/);
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
