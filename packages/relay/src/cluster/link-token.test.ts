/** Tokens of links on virtual time: renewed when their file changes, warned of before they end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import { type Log, openLog } from "../ops/log.ts";
import { TOKEN_WARN_MS } from "./limits.ts";
import { LinkToken } from "./link-token.ts";
import { parsePeer } from "./peer.ts";

const HOUR_MS = 3_600_000;

/** A token that nobody verifies, with times in wall-clock ms. */
function token(clock: VirtualClock, expiresInMs: number, issuedInMs?: number): string {
	const at = (ms: number): number => Math.round((clock.wallMs() + ms) / 1000);
	const claims = { exp: at(expiresInMs), ...(issuedInMs !== undefined && { iat: at(issuedInMs) }) };
	return `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

class Stage {
	readonly clock: VirtualClock = new VirtualClock();
	readonly lines: Record<string, unknown>[] = [];
	file = "";
	reads = 0;
	readonly #log: Log = openLog({
		level: "debug",
		format: "json",
		rustLog: undefined,
		terminal: false,
		sink: { write: (text: string) => void this.lines.push(JSON.parse(text) as Record<string, unknown>) },
		nowMs: () => this.clock.nowMs(),
	});

	link(url: string, setting?: string): LinkToken {
		const { clock } = this;
		const read = (place: string): Promise<string> => {
			this.reads += 1;
			return this.file === "gone" ? Promise.reject(new Error("ENOENT")) : Promise.resolve(this.file || place);
		};
		return new LinkToken({ clock, log: this.#log, peer: parsePeer(url), setting, read });
	}

	/** Let `ms` pass in steps, with the answers of the file in between. */
	async pass(ms: number, stepMs = 60_000): Promise<void> {
		const untilMs = this.clock.nowMs() + ms;
		while (this.clock.nowMs() < untilMs) {
			this.clock.run(Math.min(untilMs, this.clock.nowMs() + stepMs));
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	get warnings(): readonly Record<string, unknown>[] {
		return this.lines.filter(({ event, level }) => event === "cluster.token" && level === "warn");
	}
}

test("LinkToken warns a day before a token in the configuration ends, once, and says what to do", async () => {
	const stage = new Stage();
	const link = stage.link(`https://a.example/?jwt=${token(stage.clock, 40 * 24 * HOUR_MS)}`);
	link.use(await link.read(), () => assert.fail("there is no other token"));
	await stage.pass(39 * 24 * HOUR_MS - HOUR_MS, HOUR_MS);
	assert.deepEqual(stage.warnings, []);
	await stage.pass(2 * HOUR_MS, HOUR_MS);
	assert.equal(stage.warnings.length, 1);
	const [line] = stage.warnings;
	assert.deepEqual([line?.["peer"], line?.["minutes"]], ["https://a.example/", 24 * 60]);
	assert.match(String(line?.["msg"]), /it stands in the configuration/);
	await stage.pass(30 * HOUR_MS, HOUR_MS);
	assert.equal(stage.warnings.length, 1);
	assert.equal(stage.clock.pending, 0, "what has ended is not watched");
	assert.doesNotMatch(JSON.stringify(stage.lines), /eyJ/);
});

test("LinkToken warns of a short token when half of its life is over, not while it is fresh", async () => {
	const stage = new Stage();
	const link = stage.link("https://a.example/", "token.jwt");
	stage.file = token(stage.clock, 2 * HOUR_MS, 0);
	link.use(await link.read(), () => assert.fail("there is no other token"));
	await stage.pass(HOUR_MS - 120_000);
	assert.deepEqual(stage.warnings, []);
	await stage.pass(240_000);
	assert.match(String(stage.warnings[0]?.["msg"]), /no newer token yet/);
	link[Symbol.dispose]();
	assert.equal(stage.clock.pending, 0);
});

test("LinkToken warns at once of a token that was issued long ago and ends today", async () => {
	const stage = new Stage();
	const link = stage.link(`https://a.example/?jwt=${token(stage.clock, HOUR_MS, -10 * TOKEN_WARN_MS)}`);
	link.use(await link.read(), () => {});
	assert.equal(stage.warnings.length, 1);
	link[Symbol.dispose]();
});

test("LinkToken hears of another token in its file within a minute, and watches that one from then on", async () => {
	const stage = new Stage();
	const link = stage.link("https://a.example/", "token.jwt");
	stage.file = token(stage.clock, 30 * 24 * HOUR_MS);
	let others = 0;
	const use = async (): Promise<void> => {
		link.use(await link.read(), () => {
			others += 1;
			void use();
		});
	};
	await use();
	const firstEnd = link.expiresMs ?? 0;
	await stage.pass(HOUR_MS);
	assert.equal(others, 0);
	stage.file = token(stage.clock, 60 * 24 * HOUR_MS);
	await stage.pass(60_000, 1000);
	assert.equal(others, 1);
	assert.ok((link.expiresMs ?? 0) > firstEnd);
	await stage.pass(30 * 24 * HOUR_MS, HOUR_MS);
	assert.deepEqual([others, stage.warnings.length], [1, 0]);
	link[Symbol.dispose]();
});

test("LinkToken keeps the token in use while its file is away or holds one that has ended", async () => {
	const stage = new Stage();
	const link = stage.link("https://a.example/", "token.jwt");
	stage.file = token(stage.clock, 10 * 24 * HOUR_MS);
	link.use(await link.read(), () => assert.fail("nothing better is there"));
	stage.file = "gone";
	await stage.pass(HOUR_MS);
	assert.equal(stage.warnings.length, 1, "once, not with every look");
	assert.equal(stage.warnings[0]?.["reason"], "ENOENT");
	stage.file = token(stage.clock, -HOUR_MS);
	await stage.pass(HOUR_MS);
	assert.equal(stage.warnings.length, 1);
	link[Symbol.dispose]();
});

test("LinkToken looks for a token without an end too, since keys are rotated", async () => {
	const stage = new Stage();
	const link = stage.link("https://a.example/", "token.jwt");
	stage.file = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
	let others = 0;
	link.use(await link.read(), () => {
		others += 1;
		link[Symbol.dispose]();
	});
	assert.equal(link.expiresMs, undefined);
	stage.file = "eyJhbGciOiJIUzI1NiJ9.e30.b3RoZXI";
	await stage.pass(120_000);
	assert.equal(others, 1);
});

test("LinkToken prefers the token in the peer's URL, and reads no file then", async () => {
	const stage = new Stage();
	const own = token(stage.clock, HOUR_MS);
	const link = stage.link(`https://a.example/?jwt=${own}`, "token.jwt");
	assert.equal((await link.read())?.text, own);
	assert.equal(stage.reads, 0);
	assert.equal(await stage.link("https://a.example/").read(), undefined);
});
