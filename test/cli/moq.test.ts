/** `moq` against the real relay, every part in a process of its own, with media that ffmpeg made and ffprobe reads. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, RelayProcess } from "../relay-process.ts";
import { type Clip, makeClip, packetsOf, playClip, verifyRecording } from "../rust/clip.ts";
import { moq, mustExit, said } from "./moq.ts";

const folder: string = mkdtempSync(join(tmpdir(), "moq-cli-"));
const EVERYTHING = { lateMs: 0, lostMs: 0 };
let relay: RelayProcess;
let clip: Clip;
let files = 0;

before(async () => {
	relay = await RelayProcess.start();
	clip = makeClip(join(folder, "clip.mp4"), 440);
});

after(async () => {
	await relay.stop();
	rmSync(folder, { recursive: true });
});

for (const transport of ["websocket", "webtransport", "quic"] as const) {
	test(`moq publish → relay → moq subscribe loses no frame over ${transport}`, async () => {
		const where = ["--url", relay.url("/demo").href, "--name", `${transport}.hang`, "--transport", transport];
		const file = path();
		await using viewer = moq(["subscribe", ...where, "-o", file]);
		await said(viewer, new RegExp(`connected to .* over ${transport}`));
		await using publisher = moq(["publish", ...where, clip.file]);
		await mustExit(publisher, 0);
		await mustExit(viewer, 0);
		verifyRecording(file, clip, EVERYTHING);
	});
}

test("moq publish takes a live fragmented MP4 from standard input, and ends when it ends", async () => {
	const where = ["--url", relay.url("/demo").href, "--name", "stdin.hang"];
	const file = path();
	await using viewer = moq(["subscribe", ...where, "-o", file, "--stats"]);
	await said(viewer, /waiting for stdin\.hang/);
	const input = playClip(clip);
	await using publisher = moq(["publish", ...where, "-"], { input });
	input.once("end", () => publisher.endInput());
	await mustExit(publisher, 0);
	await mustExit(viewer, 0);
	verifyRecording(file, clip, EVERYTHING);
	assert.match(
		viewer.log.join("\n"),
		/video \S+ [kM]b\/s \S+ f\/s · audio .* · behind \d+ ms · groups \d+ · dropped 0/,
	);
});

test("moq subscribe -o - writes a playable file to a pipe, and ends after its duration", async () => {
	const where = ["--url", relay.url("/demo").href, "--name", "pipe.hang"];
	await using publisher = moq(["publish", ...where, "--loop", clip.file]);
	await said(publisher, /publishing pipe\.hang/);
	const file = path();
	await using viewer = moq(["subscribe", ...where, "-o", "-", "--duration", "2s"], { output: file });
	await mustExit(viewer, 0);
	verifyRecording(file, clip, { lateMs: 5000, lostMs: 5000 });
	assert.equal(await publisher.stop("SIGINT"), 0);
});

test("moq subscribe finishes its file when it is interrupted", async () => {
	const where = ["--url", relay.url("/demo").href, "--name", "interrupted.hang"];
	const file = path();
	await using viewer = moq(["subscribe", ...where, "-o", file]);
	await using publisher = moq(["publish", ...where, "--loop", clip.file]);
	await said(viewer, /00:(0[2-9]|[1-5]\d)/);
	assert.equal(await viewer.stop("SIGINT"), 0);
	assert.equal(await publisher.stop("SIGINT"), 0);
	const { video } = packetsOf(file);
	assert.ok(video.length > 30, `${video.length} frames`);
	verifyRecording(file, clip, { lateMs: 5000, lostMs: 5000 });
});

test("moq publish and moq subscribe outlive the relay, and say so", async () => {
	const port = await freePort();
	const flags = ["--auth-public", ""];
	let mortal = await RelayProcess.start(flags, { port });
	try {
		const where = ["--url", mortal.url("/demo").href, "--name", "again.hang", "--transport", "websocket"];
		const file = path();
		await using viewer = moq(["subscribe", ...where, "-o", file]);
		await using publisher = moq(["publish", ...where, "--loop", clip.file]);
		await said(viewer, /00:(0[1-9]|[1-5]\d)/);
		await mortal.stop("SIGKILL");
		await said(publisher, /trying again in/);
		mortal = await RelayProcess.start(flags, { port });
		await said(publisher, /connected again/);
		await said(viewer, /connected again[^]* [1-9]\S* [kM]b\/s[^]* [1-9]\S* [kM]b\/s/);
		assert.equal(await viewer.stop("SIGINT"), 0);
		assert.equal(await publisher.stop("SIGINT"), 0);
		// More than one stretch, so not the clip from one place on; but all of it the clip's, and playable.
		const known = new Set(clip.video.map(({ sha256 }) => sha256));
		const { video } = packetsOf(file);
		assert.ok(video.length > 30 && video.every(({ sha256 }) => known.has(sha256)));
		assert.deepEqual(
			video.map(({ timeMs }) => timeMs),
			video.map(({ timeMs }) => timeMs).toSorted((a, b) => a - b),
		);
	} finally {
		await mortal.stop();
	}
});

test("moq publish --mode both serves two relays at once; failover uses the next when the first is dead", async () => {
	const other = await RelayProcess.start();
	try {
		const dead = `ws://127.0.0.1:${await freePort()}/demo`;
		const both = [relay, other].flatMap((place) => ["--url", place.url("/demo").href]);
		const first = path();
		const second = path();
		await using one = moq(["subscribe", "--url", relay.url("/demo").href, "--name", "both.hang", "-o", first]);
		await using two = moq([
			"subscribe",
			"--url",
			dead,
			"--url",
			other.url("/demo").href,
			"--name",
			"both.hang",
			"-o",
			second,
		]);
		await said(one, /waiting for/);
		await said(two, /trying again now[^]*waiting for/);
		await using publisher = moq(["publish", ...both, "--mode", "both", "--name", "both.hang", clip.file]);
		for (const program of [publisher, one, two]) await mustExit(program, 0);
		verifyRecording(first, clip, EVERYTHING);
		verifyRecording(second, clip, EVERYTHING);
	} finally {
		await other.stop();
	}
});

test("moq announced prints names as they come and go, and with --once what is live", async () => {
	const url = relay.url("/names").href;
	const name = "deep/er.hang";
	await using watcher = moq(["announced", url]);
	await using narrow = moq(["announced", url, "other"]);
	await said(watcher, /connected/);
	await said(narrow, /connected/);
	await using publisher = moq(["publish", "--url", url, "--name", name, "--loop", clip.file]);
	await said(watcher, /\+ deep\/er\.hang/);
	const once = moq(["announced", url, "deep", "--once", "--log-level", "error"]);
	await mustExit(once, 0);
	assert.deepEqual(once.log, [name]);
	assert.equal(await publisher.stop("SIGTERM"), 0);
	await said(watcher, /- deep\/er\.hang/);
	assert.equal(await watcher.stop("SIGINT"), 0);
	assert.equal(await narrow.stop("SIGINT"), 0);
	assert.doesNotMatch(narrow.log.join("\n"), /deep/);
});

test("moq subscribe --once ends with a sentence when the broadcast is not live, and records nothing", async () => {
	const file = path();
	const viewer = moq(["subscribe", "--url", relay.url("/demo").href, "--name", "nobody.hang", "--once", "-o", file]);
	await mustExit(viewer, 1);
	assert.equal(viewer.log.at(-1), "moq: nobody.hang is not live");
	assert.throws(() => packetsOf(file), /there is no recording/);
});

test("moq ends with exit code 1 and one sentence for each thing that can't work", async () => {
	const closed = await RelayProcess.start(["--auth-public", "open"]);
	try {
		const url = relay.url("/demo").href;
		const to = ["--url", url, "--name", "x.hang"];
		const cases: readonly (readonly [readonly string[], RegExp])[] = [
			[["publish", ...to, join(folder, "none.mp4")], /^moq: .*none\.mp4 can't be read: there is no such file$/],
			[["publish", ...to, import.meta.filename], /^moq: .* is not an MP4, .* or it is damaged$/],
			[["publish", "--url", "nonsense", clip.file], /^moq: "nonsense" is not the URL of a relay/],
			[["publish", clip.file], /^moq: required option '--url <url>' not specified$/],
			[["publish", ...to, "--loop", "-"], /^moq: standard input can't be looped$/],
			[["publish", ...to, "--token", join(folder, "none.jwt"), clip.file], /^moq: the token can't be read from/],
			[["subscribe", ...to], /^moq: say where the media goes/],
			[["subscribe", ...to, "--stats", "--duration", "soon"], /^moq: --duration takes a time/],
			[["subscribe", ...to, "--transport", "pigeon", "--stats"], /^moq: option '--transport <kind>' argument 'pigeon'/],
			[["nonsense"], /^moq: unknown command 'nonsense'/],
			[["announced", closed.url("/demo").href, "--transport", "websocket"], /^moq: .*refused the token|wants one/],
			[["announced", closed.url("/demo").href, "--transport", "webtransport"], /^moq: .*refused the token|wants one/],
		];
		for (const [args, expected] of cases) {
			const program = moq(args);
			await mustExit(program, 1);
			const told = program.log.filter((line) => line.startsWith("moq: "));
			assert.equal(told.length, 1, program.log.join("\n"));
			assert.match(told[0] ?? "", expected);
		}
	} finally {
		await closed.stop();
	}
});

test("moq --version and --help end with exit code 0", async () => {
	const version = moq(["--version"]);
	await mustExit(version, 0);
	assert.match(version.log.join(), /^moq \d+\.\d+\.\d+$/);
	for (const args of [["--help"], ["publish", "--help"], ["subscribe", "--help"], ["announced", "--help"]]) {
		const help = moq(args);
		await mustExit(help, 0);
		assert.match(help.log[0] ?? "", /^Usage: moq/);
	}
});

/** A path for a file that is not there yet. */
function path(): string {
	files += 1;
	return join(folder, `${files}.mp4`);
}
