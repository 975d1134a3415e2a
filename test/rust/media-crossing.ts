/**
 * One clip from a publisher to many viewers, whoever is between them.
 * @module
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clip, GROUP_MS, makeClip, playClip, verifyRecording } from "./clip.ts";
import { eventually, pause } from "./eventually.ts";
import { type OwnTransport, publishClip, subscribeClip } from "./own.ts";
import type { Program } from "./program.ts";
import { exportClip, FRAGMENT_MS, importClip, type RustScheme } from "./reference.ts";

/** A running relay, ours or theirs. */
export interface AnyRelay {
	readonly port: number;
	readonly log: readonly string[];
}

/** A client of either kind and how it gets to its relay; `isPlain` has our WebSocket do without TLS. */
export type Client =
	| { readonly kind: "rust"; readonly scheme: RustScheme; readonly version?: string }
	| { readonly kind: "ours"; readonly transport: OwnTransport; readonly version?: string; readonly isPlain?: boolean };

/** A client at a relay. */
export interface Seat {
	readonly client: Client;
	readonly relay: AnyRelay;
	/** Path of its URL; by default the root, since versions before lite-05 have none over raw QUIC. */
	readonly path?: string;
	/** The version that it must end up with; by default the one it is restricted to. */
	readonly speaks?: string;
}

/** Who publishes what, and who watches. */
export interface MediaCrossing {
	readonly publisher: Seat;
	readonly viewers: readonly Seat[];
	/** What is published. */
	readonly clip: Clip;
	/** What is expected; default `clip`. For negative controls. */
	readonly expected?: Clip;
	/** How long viewers may take to connect, in ms. */
	readonly connectMs?: number;
	/** How long viewers may take after the last frame, in ms. */
	readonly deadlineMs?: number;
}

/** The room of the crossings of one test file: its clips and recordings. */
export class Studio implements Disposable {
	readonly #folder: string = mkdtempSync(join(tmpdir(), "moq-interop-"));
	readonly clip: Clip = makeClip(join(this.#folder, "clip.mp4"), 330);
	/** Another one, for negative controls. */
	readonly otherClip: Clip = makeClip(join(this.#folder, "other.mp4"), 550);

	/** A path for a file that is not there yet. */
	file(): string {
		return join(this.#folder, randomUUID());
	}

	/**
	 * Publish the clip, and check what each viewer recorded; what they got, a line each.
	 * @throws AssertionError when something else or too little arrived, with the last words of all that took part.
	 */
	async cross(crossing: MediaCrossing): Promise<readonly string[]> {
		const broadcast = `${randomUUID().slice(0, 8)}.hang`;
		await using stack = new AsyncDisposableStack();
		const viewers = crossing.viewers.map((seat) => {
			const file = this.file();
			return { seat, file, program: stack.use(record(seat, broadcast, file)) };
		});
		const programs = viewers.map(({ program }) => program);
		try {
			await eventually(() => programs.forEach(mustBeConnected), crossing.connectMs);
			const publisher = stack.use(publish(crossing.publisher, broadcast, crossing.clip));
			programs.push(publisher.program);
			await publisher.played;
			mustSpeak(publisher.program, crossing.publisher);
			return await Promise.all(viewers.map((viewer) => received(viewer, crossing)));
		} catch (error) {
			const relays = new Set([crossing.publisher, ...crossing.viewers].map(({ relay }) => relay));
			throw withLogs(error, [...programs, ...[...relays].map(({ log }) => ({ name: "relay", log }))]);
		}
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true });
	}
}

/** For titles. */
export function nameOf(client: Client): string {
	const how = client.kind === "rust" ? `Rust ${client.scheme}` : `ours ${client.transport}`;
	return client.version === undefined ? how : `${how} ${client.version}`;
}

/** The error with the last words of everything that took part. */
export function withLogs(error: unknown, sources: readonly { name: string; log: readonly string[] }[]): Error {
	const tails = sources.map(({ name, log }) =>
		[`--- ${name}`, ...log.filter((line) => !BACKTRACE.test(line)).slice(-LOG_LINES)].join("\n"),
	);
	const message = error instanceof Error ? error.message : String(error);
	return new Error([message, ...tails].join("\n"), { cause: error });
}

interface Viewer {
	readonly seat: Seat;
	readonly file: string;
	readonly program: Program;
}

/** What a viewer got, once the last frame is out. @throws AssertionError when that is something else or too little */
async function received({ seat, file, program }: Viewer, crossing: MediaCrossing): Promise<string> {
	const expected = crossing.expected ?? crossing.clip;
	const check = (lostMs: number): string => {
		try {
			return verifyRecording(file, expected, { lateMs: LATE_MS, lostMs });
		} catch (error) {
			throw new Error(`${nameOf(seat.client)}: ${error instanceof Error ? error.message : String(error)}`, {
				cause: error,
			});
		}
	};
	const ending = seat.client.kind === "rust" ? FRAGMENT_MS : GROUP_MS;
	let counts = await eventually(() => check(ending), crossing.deadlineMs);
	if (seat.client.kind === "ours") {
		// What came after the last key frame is in no fragment yet; the end of the recording writes it.
		await pause(SETTLE_MS);
		await program.stop();
		counts = check(0);
	}
	mustSpeak(program, seat);
	return `${nameOf(seat.client)}: ${counts}`;
}

function mustSpeak({ name, log }: Program, { client, speaks = client.version }: Seat): void {
	if (speaks === undefined) return;
	const line = log.find((candidate) => /\bconnected\b.*moq-lite/.test(candidate));
	assert.ok(line?.includes(speaks), `${name} must speak ${speaks}, but: ${line}`);
}

function mustBeConnected(program: Program): void {
	if (program.isOver) throw new Error(`${program.name} ended early`);
	if (!program.log.some((line) => CONNECTED.test(line))) throw new Error(`${program.name} does not connect`);
}

function record(seat: Seat, broadcast: string, file: string): Program {
	const { client } = seat;
	if (client.kind === "rust") return exportClip(rustTask(seat, client, broadcast), file);
	return subscribeClip(ownTask(seat, client, broadcast), file);
}

interface Publishing extends AsyncDisposable {
	readonly program: Program;
	/** Resolves when the last frame is out. */
	readonly played: Promise<unknown>;
}

function publish(seat: Seat, broadcast: string, clip: Clip): Publishing {
	const { client } = seat;
	if (client.kind === "ours") {
		const program = publishClip(ownTask(seat, client, broadcast), clip.file);
		return { program, played: program.exited(), [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
	}
	const input = playClip(clip);
	// The input stays open: at its end the Rust publisher drops the broadcast, and with it what nobody has yet.
	const program = importClip(rustTask(seat, client, broadcast), input);
	const played = new Promise((resolve) => input.once("end", resolve));
	return { program, played, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

function rustTask(
	{ relay, path = "/" }: Seat,
	client: Client & { kind: "rust" },
	broadcast: string,
): { url: URL; broadcast: string; flags: readonly string[] } {
	const flags = client.version === undefined ? [] : ["--client-version", client.version];
	return { url: new URL(`${client.scheme}://localhost:${relay.port}${path}`), broadcast, flags };
}

function ownTask(
	{ relay, path = "/" }: Seat,
	client: Client & { kind: "ours" },
	broadcast: string,
): { url: URL; broadcast: string; transport: OwnTransport; flags: readonly string[] } {
	const flags = client.version === undefined ? [] : ["--protocol", client.version];
	const url = new URL(`${client.isPlain === true ? "http" : "https"}://localhost:${relay.port}${path}`);
	return { url, broadcast, transport: client.transport, flags };
}

/** Viewers are there before the broadcast, but may take a group to subscribe on a busy machine, in ms. */
const LATE_MS = 1500;

/** Between the last key frame's arrival and that of the frames after it, which were sent with it, in ms. */
const SETTLE_MS = 1000;

/** Lines of each log in a failure. */
const LOG_LINES = 8;

const CONNECTED = /connected version=|connected to /;

const BACKTRACE = /^\s*(\d+:|at )/;
