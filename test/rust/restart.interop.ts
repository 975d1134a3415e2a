/**
 * A publisher that is killed and comes again under the same name: what its viewers do, at our relay and at the Rust relay.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, type TestContext, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type Clip, type Packet, packetsOf, playClip } from "./clip.ts";
import { eventually } from "./eventually.ts";
import { type AnyRelay, Studio, withLogs } from "./media-crossing.ts";
import { publishClip, subscribeClip } from "./own.ts";
import type { Program } from "./program.ts";
import { exportClip, importClip, ReferenceRelay, type RustScheme } from "./reference.ts";

/** Lives of a publisher: the first, and three restarts. */
const LIVES = 4;
const SCHEMES: readonly RustScheme[] = ["https", "moqt", "ws"];
const TRANSPORTS = ["webtransport", "quic", "websocket"] as const;

describe("a publisher that is killed and comes again", () => {
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

	/** Start a publisher of a clip. */
	type Publish = (broadcast: string, clip: Clip) => Program;
	const byRust =
		(relay: AnyRelay, scheme: RustScheme): Publish =>
		(broadcast, clip) =>
			importClip({ url: new URL(`${scheme}://localhost:${relay.port}/`), broadcast }, playClip(clip));
	const byUs =
		(relay: AnyRelay, transport: (typeof TRANSPORTS)[number]): Publish =>
		(broadcast, clip) => {
			const url = new URL(`http://localhost:${relay.port}/`);
			return publishClip({ url, broadcast, transport, flags: ["--loop"] }, clip.file);
		};

	/** Our viewers run on through all lives of a publisher, and have media of each of them. */
	async function outlive(t: TestContext, publish: Publish): Promise<void> {
		const broadcast = `${randomUUID().slice(0, 8)}.hang`;
		await using stack = new AsyncDisposableStack();
		const viewers = TRANSPORTS.map((transport) => {
			const file = studio.file();
			const url = new URL(`http://localhost:${ours.port}/`);
			return { file, program: stack.use(subscribeClip({ url, broadcast, transport }, file)) };
		});
		try {
			for (let life = 0; life < LIVES; life++) {
				const clip = life % 2 === 0 ? studio.clip : studio.otherClip;
				const publisher = stack.use(publish(broadcast, clip));
				for (const { file } of viewers) await eventually(() => assert.equal(stretches(file, studio), life + 1));
				await publisher.stop("SIGKILL");
			}
			for (const { file, program } of viewers) {
				assert.ok(!program.isOver, `${program.name} ended`);
				t.diagnostic(`${program.name}: ${packetsOf(file).video.length} frames of ${stretches(file, studio)} lives`);
			}
		} catch (error) {
			throw withLogs(error, [...viewers.map(({ program }) => program), { name: "relay", log: ours.log }]);
		}
	}

	for (const scheme of SCHEMES) {
		test(`moq import over ${scheme} goes on for moq subscribe`, (t) => outlive(t, byRust(ours, scheme)));
	}
	for (const transport of TRANSPORTS) {
		test(`moq publish over ${transport} goes on for moq subscribe`, (t) => outlive(t, byUs(ours, transport)));
	}

	for (const [where, at] of [
		["our relay", () => ours],
		["the Rust relay", () => rust],
	] as const) {
		test(`moq export ends with the life that it watches, at ${where}; the next one records the next life`, async (t) => {
			const broadcast = `${randomUUID().slice(0, 8)}.hang`;
			await using stack = new AsyncDisposableStack();
			const url = new URL(`https://localhost:${at().port}/`);
			let viewer: Program | undefined;
			for (let life = 0; life < LIVES; life++) {
				const file = studio.file();
				const publisher = stack.use(byRust(at(), "https")(broadcast, life % 2 === 0 ? studio.clip : studio.otherClip));
				if (viewer !== undefined) {
					assert.equal(await viewer.exited(), 1, viewer.log.join("\n"));
					assert.match(viewer.log.join("\n"), /Error: .*dropped/);
				}
				viewer = stack.use(exportClip({ url, broadcast }, file));
				await eventually(() => assert.equal(stretches(file, studio), 1));
				await publisher.stop("SIGKILL");
			}
			t.diagnostic(`${LIVES} lives, a viewer for each`);
		});
	}
});

/** How many stretches of one clip or the other follow each other in a recording. @throws AssertionError for foreign frames */
function stretches(file: string, { clip, otherClip }: Studio): number {
	const whose = (packet: Packet): Clip | undefined =>
		[clip, otherClip].find(({ video }) => video.some(({ sha256 }) => sha256 === packet.sha256));
	let count = 0;
	let last: Clip | undefined;
	for (const packet of packetsOf(file).video) {
		const now = whose(packet);
		assert.ok(now !== undefined, "a frame of neither clip");
		if (now !== last) count++;
		last = now;
	}
	return count;
}
