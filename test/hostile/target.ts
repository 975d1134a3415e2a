/**
 * A relay under attack, and the honest publisher and viewers whose media must go on all the while.
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { LocalTrack } from "@moq-relay/core";
import { Code } from "@moq-relay/wire";
import { RelayProcess } from "../relay-process.ts";
import { announced, type Client, connect, publish, type Viewing, view } from "./client.ts";
import type { RawPeer } from "./raw-peer.ts";
import { until } from "./until.ts";

/** Attackers come from this address, so that limits per address leave the honest ones alone. */
export const ATTACKER = "127.0.0.2";

const GROUP_MS = 40;

/** For tests that are not about limits per address, which all attackers share. */
export const OPEN: readonly string[] = [
	"--auth-public",
	"",
	"--limits-session-rate-per-ip",
	"0",
	"--limits-max-sessions-per-ip",
	"0",
];

/** What an attack may cost. */
export interface Toll {
	/** Resident memory of the relay afterwards, beyond what it had before, in MiB. */
	readonly growthMib?: number;
}

interface HonestViewer {
	readonly name: string;
	readonly client: Client;
	readonly viewing: Viewing;
}

/** The relay and its honest peers. */
export class Target implements AsyncDisposable {
	readonly relay: RelayProcess;
	readonly #publisher: Client;
	readonly #track: LocalTrack;
	readonly #viewers: readonly HonestViewer[];
	readonly #timer: NodeJS.Timeout;
	#published = 0;
	/** Lines of the log that `ends` has seen. */
	#read = 0;

	private constructor(
		relay: RelayProcess,
		publisher: Client,
		rest: { track: LocalTrack; viewers: readonly HonestViewer[] },
	) {
		this.relay = relay;
		this.#publisher = publisher;
		this.#track = rest.track;
		this.#viewers = rest.viewers;
		this.#timer = setInterval(() => this.#publish(), GROUP_MS).unref();
	}

	/** Start a relay and let one publisher feed a viewer over QUIC and one over WebSocket. */
	static async start(flags: readonly string[] = ["--auth-public", ""]): Promise<Target> {
		const relay = await RelayProcess.start(flags);
		try {
			const publisher = await connect(relay.url("/"));
			const track = publish(publisher, "honest/camera", "video");
			const viewers = await Promise.all(
				VIEWERS.map(async ([name, scheme]) => {
					const client = await connect(new URL(`${scheme}//localhost:${relay.port}/`));
					const viewing = view(await announced(client, "honest/camera"), "video");
					return { name, client, viewing };
				}),
			);
			const target = new Target(relay, publisher, { track, viewers });
			await target.#caughtUp();
			return target;
		} catch (error) {
			// Left running, it would keep the test from ending.
			await relay.stop("SIGKILL");
			throw error;
		}
	}

	get port(): number {
		return this.relay.port;
	}

	/** Resident memory in MiB. */
	get memoryMib(): number {
		const status = readFileSync(`/proc/${this.relay.pid}/status`, "utf8");
		return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
	}

	/** Lines of the log as objects; every one of them must be JSON. */
	get lines(): readonly Record<string, unknown>[] {
		return this.relay.log.map((line) => JSON.parse(line) as Record<string, unknown>);
	}

	/** Attack, and see that the honest ones hardly notice. */
	async survives(attack: () => Promise<void>, { growthMib = 200 }: Toll = {}): Promise<void> {
		const before = this.memoryMib;
		const from = this.#published;
		await attack();
		await this.#caughtUp();
		assert.equal((await fetch(this.relay.url("/health"))).status, 200);
		for (const { name, viewing } of this.#viewers) {
			assert.deepEqual(viewing.errors, [], `the ${name} viewer lost its track`);
			const seen = viewing.complete.filter((sequence) => sequence >= from).length;
			const sent = this.#published - from;
			assert.ok(seen >= sent / 2, `the ${name} viewer saw ${seen} of ${sent} groups`);
		}
		const grown = this.memoryMib - before;
		assert.ok(grown < growthMib, `the relay grew by ${Math.round(grown)} MiB`);
	}

	/** Wait for something that the relay does in its own time. */
	async until(fits: () => boolean, what: string): Promise<void> {
		await until(fits, () => `${what}; the log ends with\n${this.relay.log.slice(-5).join("\n")}`);
	}

	/** Wait for a line of the log. */
	async logged(fits: (line: Record<string, unknown>) => boolean, what: string): Promise<void> {
		await this.until(() => this.lines.some(fits), `no line: ${what}`);
	}

	/** Wait until the relay has ended a session of the attacker's with this code, told the peer, and logged that in one line. */
	async ends(peer: RawPeer, code: number): Promise<void> {
		const { by, code: heard, reason } = await peer.ended();
		// A flood may drown the packet that says why; what comes after it then is a reset without a code.
		if (by !== "transport") assert.deepEqual([by, heard], ["remote", code], reason);
		const closings = (): readonly Record<string, unknown>[] =>
			this.lines.slice(this.#read).filter((line) => line["event"] === "session.close" && line["by"] === "local");
		await this.until(() => closings().length > 0, "no session.close");
		const codes = closings().map((line) => line["code"]);
		assert.deepEqual(codes, [CODE_NAMES.get(code)]);
		assert.match(String(closings()[0]?.["remote"]), /^127\.0\.0\.1:\d+$/);
		this.#read = this.lines.length;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		clearInterval(this.#timer);
		for (const { client } of this.#viewers) client.session.close(0, "");
		this.#publisher.session.close(0, "");
		const code = await this.relay.stop();
		assert.equal(code, 0, `the relay ended with ${code}: ${this.relay.log.slice(-5).join("\n")}`);
		const faults = this.lines.filter(({ event }) => FAULTS.includes(String(event)));
		assert.deepEqual(faults, [], "the relay blames itself");
	}

	#publish(): void {
		const group = this.#track.group();
		for (let index = 0; index < 4; index++) group.frame({ timestamp: index, payload: FRAME });
		group.finish();
		this.#published += 1;
	}

	/** What is published from now on arrives everywhere. */
	async #caughtUp(): Promise<void> {
		const wanted = this.#published + 2;
		for (const { name, viewing } of this.#viewers) {
			const there = (): boolean => (viewing.complete.at(-1) ?? -1) >= wanted;
			await this.until(there, `the ${name} viewer is stuck at group ${viewing.complete.at(-1)} of ${wanted}`);
		}
	}
}

const VIEWERS = [
	["QUIC", "moqt:"],
	["WebSocket", "ws:"],
] as const;
const CODE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Code).map(([name, code]) => [code, name]));
const FRAME = new Uint8Array(1000).fill(7);
/** Events by which the relay says that something should never have happened. */
const FAULTS: readonly string[] = ["session.fault", "process.crash", "process.warning"];
