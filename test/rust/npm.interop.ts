/**
 * npm `@moq/net` and the Rust client at our relay, whoever publishes.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { quietConsole } from "../interop/quiet-console.ts";
import { RelayProcess } from "../relay-process.ts";
import { playClip, verifyPackets, verifyRecording } from "./clip.ts";
import { eventually } from "./eventually.ts";
import { Studio, withLogs } from "./media-crossing.ts";
import { connectNpm, NpmRecorder, publishNpm } from "./npm-media.ts";
import { subscribeClip } from "./own.ts";
import { exportClip, FRAGMENT_MS, importClip, type RustScheme } from "./reference.ts";

const PINS: readonly string[] = [
	"",
	"qmux-02.moq-lite-05",
	"qmux-01.moq-lite-04",
	"qmux-00.moq-lite-03",
	"qmux-01.moql",
	"webtransport",
];
const SCHEMES: readonly RustScheme[] = ["https", "moqt", "ws"];

describe("npm @moq/net and the Rust client at our relay", () => {
	let relay: RelayProcess;
	let studio: Studio;
	before(async () => {
		quietConsole();
		relay = await RelayProcess.start();
		studio = new Studio();
	});
	after(async () => {
		studio[Symbol.dispose]();
		await relay.stop();
	});
	const rustUrl = (scheme: RustScheme): URL => new URL(`${scheme}://localhost:${relay.port}/`);

	for (const scheme of SCHEMES) {
		test(`moq import over ${scheme} reaches @moq/net in every framing`, async (t) => {
			const broadcast = `${randomUUID().slice(0, 8)}.hang`;
			const viewers: { pin: string; recorder: NpmRecorder; close: () => void }[] = [];
			for (const pin of PINS) {
				const connection = await connectNpm(relay.url("/"), pin);
				connection.closed.catch(() => {});
				viewers.push({ pin, recorder: new NpmRecorder(connection, broadcast), close: () => connection.close() });
			}
			const input = playClip(studio.clip);
			await using publisher = importClip({ url: rustUrl(scheme), broadcast }, input);
			try {
				await new Promise((resolve) => input.once("end", resolve));
				for (const { pin, recorder } of viewers) {
					const got = await eventually(() => {
						const packets = recorder.packets(() => studio.file());
						return verifyPackets(packets, studio.clip, { lateMs: LATE_MS, lostMs: 0 });
					});
					t.diagnostic(`@moq/net ${pin || "as it is"}: ${got}`);
				}
			} catch (error) {
				throw withLogs(error, [publisher, { name: "relay", log: relay.log }]);
			} finally {
				for (const { close } of viewers) close();
			}
		});
	}

	for (const pin of PINS) {
		test(`@moq/net ${pin || "as it is"} reaches moq export over every transport and our viewer`, async (t) => {
			const broadcast = `${randomUUID().slice(0, 8)}.hang`;
			await using stack = new AsyncDisposableStack();
			const viewers = SCHEMES.map((scheme) => {
				const file = studio.file();
				return { file, program: stack.use(exportClip({ url: rustUrl(scheme), broadcast }, file)) };
			});
			const own = studio.file();
			const url = relay.url("/");
			const ours = stack.use(subscribeClip({ url, broadcast, transport: "webtransport" }, own));
			try {
				const connection = await connectNpm(url, pin);
				connection.closed.catch(() => {});
				stack.defer(() => connection.close());
				await publishNpm(connection, broadcast, studio.clip);
				for (const { file, program } of viewers) {
					const allowance = { lateMs: LATE_MS, lostMs: FRAGMENT_MS };
					const got = await eventually(() => verifyRecording(file, studio.clip, allowance));
					t.diagnostic(`${program.name} ${got}`);
				}
				await ours.stop();
				t.diagnostic(`ours: ${verifyRecording(own, studio.clip, { lateMs: LATE_MS, lostMs: 0 })}`);
			} catch (error) {
				const programs = viewers.map(({ program }) => program);
				throw withLogs(error, [...programs, ours, { name: "relay", log: relay.log }]);
			}
		});
	}

	test("the check of @moq/net fails without a publisher, and when another clip is published", async () => {
		const connection = await connectNpm(relay.url("/"), "");
		connection.closed.catch(() => {});
		const lonely = new NpmRecorder(connection, "nobody.hang");
		await assert.rejects(
			eventually(() => lonely.packets(() => studio.file()), 1000),
			/the catalog has no video/,
		);
		const recorder = new NpmRecorder(connection, "other.hang");
		const input = playClip(studio.otherClip);
		await using _ = importClip({ url: rustUrl("https"), broadcast: "other.hang" }, input);
		await new Promise((resolve) => input.once("end", resolve));
		await assert.rejects(
			eventually(() => {
				const packets = recorder.packets(() => studio.file());
				return verifyPackets(packets, studio.clip, { lateMs: LATE_MS, lostMs: 0 });
			}, 1000),
			/packet is not of the clip/,
		);
		connection.close();
	});
});

/** What a viewer may miss at the beginning on a busy machine, in ms. */
const LATE_MS = 1500;
