/**
 * Keys and tokens of either side at the other's relay, and in the other's command.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { type AnyRelay, type Client, type Seat, Studio } from "./media-crossing.ts";
import { ownToken } from "./own.ts";
import { ReferenceRelay, referenceToken } from "./reference.ts";

/** A command that makes keys and tokens. */
type TokenCommand = (args: readonly string[], input?: string) => string;

const ALGORITHMS: readonly string[] = ["HS256", "HS512", "ES256", "ES384", "EdDSA", "RS256", "PS512"];
/** One of each kind of key, for what takes seconds. */
const KINDS: readonly string[] = ["HS256", "ES256", "EdDSA"];
const SIDES: readonly (readonly [string, TokenCommand, string, TokenCommand])[] = [
	["ours", ownToken, "the Rust one", referenceToken],
	["the Rust one", referenceToken, "ours", ownToken],
];
const RUST: Client = { kind: "rust", scheme: "https" };
const OURS: Client = { kind: "ours", transport: "quic" };

describe("keys and tokens", () => {
	let folder: string;
	let studio: Studio;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), "moq-token-interop-"));
		studio = new Studio();
	});
	after(() => {
		rmSync(folder, { recursive: true });
		studio[Symbol.dispose]();
	});

	/** Make a key; its file, and what relays verify with. */
	function makeKey(command: TokenCommand, algorithm: string): { readonly key: string; readonly verifying: string } {
		const key = join(folder, `${algorithm}-${Math.random()}.jwk`);
		if (algorithm.startsWith("HS")) {
			command(["generate", "--algorithm", algorithm, "--out", key]);
			return { key, verifying: key };
		}
		const verifying = `${key}.public`;
		command(["generate", "--algorithm", algorithm, "--out", key, "--public", verifying]);
		return { key, verifying };
	}

	for (const [maker, make, reader, read] of SIDES) {
		for (const algorithm of ALGORITHMS) {
			test(`a ${algorithm} key and token of ${maker}: ${reader} verifies, signs with the key, and is verified`, () => {
				const { key, verifying } = makeKey(make, algorithm);
				const expires = String(Math.floor(Date.now() / 1000) + 3600);
				const claims = ["--root", "demo", "--publish", "a", "--subscribe", "", "--expires", expires];
				for (const [sign, verify] of [
					[make, read],
					[read, make],
				] as const) {
					const token = sign(["sign", "--key", key, ...claims]).trim();
					const read = readClaims(verify(["verify", "--key", verifying], token));
					assert.deepEqual(read, { root: "demo", publish: ["a"], subscribe: [""], expires: Number(expires) });
					const other = makeKey(verify, algorithm).verifying;
					assert.throws(() => verify(["verify", "--key", other], token), /Command failed/);
				}
			});
		}
	}

	/** Seats whose tokens let them do exactly what they do below. */
	function seats(
		relay: AnyRelay,
		sign: (...grant: string[]) => string,
		client: Client,
	): { publisher: Seat; viewer: Seat } {
		const path = (token: string): string => `/demo?jwt=${token}`;
		const publisher = { client, relay, path: path(sign("--publish", "")) };
		return { publisher, viewer: { client, relay, path: path(sign("--subscribe", "")) } };
	}

	for (const [where, start, command] of [
		["our relay", startOurs, referenceToken],
		["the Rust relay", startRust, ownToken],
	] as const) {
		const whose = command === ownToken ? "our" : "the Rust";
		for (const algorithm of KINDS) {
			test(`${where} lets in whom ${whose} ${algorithm} tokens name, and nobody else`, async (t) => {
				const { key, verifying } = makeKey(command, algorithm);
				await using stack = new AsyncDisposableStack();
				const relay = await start(stack, ["--auth-key", verifying]);
				const sign = (...grant: string[]): string => command(["sign", "--key", key, "--root", "demo", ...grant]).trim();
				const rust = seats(relay, sign, RUST);
				const ours = seats(relay, sign, OURS);
				const got = await studio.cross({
					publisher: rust.publisher,
					viewers: [rust.viewer, ours.viewer],
					clip: studio.clip,
				});
				for (const line of got) t.diagnostic(line);
				const { clip } = studio;
				const publishOnly = { publisher: rust.publisher, viewers: [{ ...rust.publisher }], clip, deadlineMs: 1000 };
				await assert.rejects(studio.cross(publishOnly), NOTHING, "who may publish only, watches");
				const subscribeOnly = { publisher: { ...rust.viewer }, viewers: [rust.viewer], clip, deadlineMs: 1000 };
				await assert.rejects(studio.cross(subscribeOnly), NOTHING, "who may watch only, publishes");
			});
		}

		test(`${where} refuses tokens of another key, those that are over, and none`, async () => {
			const { verifying } = makeKey(command, "ES256");
			const { key } = makeKey(command, "ES256");
			await using stack = new AsyncDisposableStack();
			const relay = await start(stack, ["--auth-key", verifying]);
			const sign = ["sign", "--key", key, "--root", "demo", "--publish", "", "--subscribe", ""];
			const foreign = command(sign).trim();
			for (const query of [`?jwt=${foreign}`, `?jwt=${command([...sign, "--expires", "1000000000"]).trim()}`, ""]) {
				for (const client of [RUST, OURS]) {
					const seat = { client, relay, path: `/demo${query}` };
					const crossing = { publisher: seat, viewers: [seat], clip: studio.clip, deadlineMs: 500, connectMs: 2500 };
					await assert.rejects(studio.cross(crossing), NOTHING);
				}
			}
		});
	}
});

interface Claims {
	readonly root: string;
	readonly publish: readonly string[];
	readonly subscribe: readonly string[];
	readonly expires: number;
}

/** What either command prints: ours the JSON of the token, the Rust one its structure. */
function readClaims(text: string): Claims {
	if (text.startsWith("{")) {
		const { root, put, get, exp } = JSON.parse(text) as { root: string; put: string[]; get: string[]; exp: number };
		return { root, publish: put, subscribe: get, expires: exp };
	}
	const strings = (pattern: RegExp): string[] =>
		[...(pattern.exec(text)?.[1] ?? "").matchAll(/"([^"]*)"/g)].map(([, value]) => value ?? "");
	return {
		root: strings(/root: (.*),/)[0] ?? "",
		publish: strings(/publish: \[([^\]]*)\]/),
		subscribe: strings(/subscribe: \[([^\]]*)\]/),
		expires: Number(/expires: Some\(\s*SystemTime \{\s*tv_sec: (\d+)/.exec(text)?.[1]),
	};
}

async function startOurs(stack: AsyncDisposableStack, flags: readonly string[]): Promise<AnyRelay> {
	const relay = await RelayProcess.start(flags);
	stack.defer(async () => void (await relay.stop()));
	return relay;
}

async function startRust(stack: AsyncDisposableStack, flags: readonly string[]): Promise<AnyRelay> {
	return stack.use(await ReferenceRelay.start(flags));
}

/** Whatever a refused client does: nothing of the clip arrives. */
const NOTHING = /does not connect|ended early|ffprobe|no recording|no video packets/;
