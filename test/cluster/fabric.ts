/**
 * What carries a simulated cluster: virtual time, a network with faults, and dialling on it.
 * @module
 */
import { setImmediate as macrotask } from "node:timers/promises";
import type { Clock, Connection } from "@moq-relay/core";
import { type MemoryPair, memoryPair, Network, SeededRandom, VirtualClock } from "@moq-relay/testkit";
import { LINK_IDLE_MS } from "../../packages/relay/src/cluster/limits.ts";
import type { Scenario } from "./scenario.ts";

/** One life of a node: what it set for later does not happen once it is over. */
export interface Life {
	isOver: boolean;
	/** Timers that it has set and that have not run. */
	pending: number;
}

/** Whom a connection leads to, and in which protocol. */
export interface Line {
	readonly from: string;
	readonly to: string;
	readonly protocol: string;
	readonly pair: MemoryPair;
}

/** How to dial. */
export interface DialRequest {
	readonly from: string;
	readonly url: URL;
	readonly life: Life;
	readonly timeoutMs?: number;
	readonly signal?: AbortSignal;
}

/** Nodes by name, time, and everything that goes wrong. */
export class Fabric {
	readonly clock: VirtualClock;
	readonly random: SeededRandom;
	readonly network: Network;
	/** Takes the other end of a connection, by name of the node; undefined while it is down. */
	readonly doors: Map<string, (connection: Connection) => void> = new Map();
	/** What must not happen and did. */
	readonly faults: string[] = [];
	readonly #protocols: Map<string, string> = new Map();
	readonly #lines: WeakMap<Connection, Line> = new WeakMap();
	readonly #trace: ((line: string) => void) | undefined;
	#isTouched = false;

	constructor({ seed, latencyMs, jitterMs, lossRate }: Scenario, trace?: (line: string) => void) {
		this.clock = new VirtualClock({ seed });
		this.random = new SeededRandom(seed).fork("cluster");
		this.network = new Network(this.clock, { latencyMs, jitterMs, lossRate });
		this.#trace = trace;
	}

	/** The protocol of connections between two nodes. */
	speak(one: string, other: string, protocol: string): void {
		this.#protocols.set(pairOf(one, other), protocol);
	}

	/** The line that a connection is an end of. */
	lineOf(connection: Connection): Line | undefined {
		return this.#lines.get(connection);
	}

	/** Note what happens, for whoever replays the seed. */
	note(text: string): void {
		this.#trace?.(`${this.clock.nowMs().toFixed(0).padStart(7)} ms  ${text}`);
	}

	/** Note what must not happen. */
	fault(text: string): void {
		this.note(`FAULT ${text}`);
		this.faults.push(`at ${this.clock.nowMs().toFixed(0)} ms: ${text}`);
	}

	/** A promise was settled, or may have been: whoever awaits it goes on before the next timer. */
	touch(): void {
		this.#isTouched = true;
	}

	/** Time for one life of a node; `awaits` for code whose timers settle promises. */
	clockOf(life: Life, { awaits }: { readonly awaits: boolean }): Clock {
		const { clock } = this;
		return {
			nowMs: () => clock.nowMs(),
			wallMs: () => clock.wallMs(),
			random: () => clock.random(),
			after: (delayMs, run) => {
				let isPending = true;
				const leave = (): void => {
					if (isPending) life.pending -= 1;
					isPending = false;
				};
				life.pending += 1;
				const cancel = clock.after(delayMs, () => {
					leave();
					if (life.isOver) return;
					if (awaits) this.touch();
					run();
				});
				return () => {
					leave();
					cancel();
				};
			},
		};
	}

	/** Time passes. */
	async pass(ms: number): Promise<void> {
		let isDone = false;
		this.clock.after(ms, () => {
			isDone = true;
		});
		while (!isDone || this.#isTouched) {
			if (this.#isTouched) {
				this.#isTouched = false;
				await macrotask();
			} else {
				this.clock.runUntil(() => isDone || this.#isTouched, { maxSteps: STEPS_MAX });
			}
		}
	}

	/** As a QUIC dial: tries until it gets through or its time is over; a machine without a relay may refuse at once. */
	dial(request: DialRequest): Promise<Connection> {
		const { from, url, life, timeoutMs = DIAL_MS_MAX, signal } = request;
		const to = url.hostname;
		const { out, back } = this.network.route(from, to);
		const untilMs = this.clock.nowMs() + timeoutMs;
		const mayBeRefused = this.random.chance(0.5);
		return new Promise((resolve, reject) => {
			const fail = (reason: string): void => {
				cancel();
				this.touch();
				reject(new Error(reason));
			};
			const attempt = (): void => {
				if (life.isOver || signal?.aborted === true) return;
				const door = this.doors.get(to);
				const isCut = out.isCut || back.isCut;
				if (!isCut && door !== undefined) {
					this.touch();
					resolve(this.#connect(request, door));
				} else if (mayBeRefused && door === undefined) fail(`${to} refuses`);
				else if (this.clock.nowMs() >= untilMs) fail(`${to} does not answer`);
				else cancel = this.clock.after(RETRY_MS, attempt);
			};
			let cancel = this.clock.after(1.5 * (out.conditions.latencyMs + back.conditions.latencyMs), attempt);
			signal?.addEventListener("abort", () => fail("aborted"));
		});
	}

	#connect({ from, url }: DialRequest, door: (connection: Connection) => void): Connection {
		const { network } = this;
		const to = url.hostname;
		const protocol = this.#protocols.get(pairOf(from, to)) ?? "moq-lite-05";
		const path = `${url.pathname}${url.search}`;
		const pair = memoryPair(this.clock, { network, from, to, protocol, path, idleMs: LINK_IDLE_MS });
		const line = { from, to, protocol, pair };
		this.#lines.set(pair.client, line);
		this.#lines.set(pair.server, line);
		door(pair.server);
		return pair.client;
	}
}

function pairOf(one: string, other: string): string {
	return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** Timers between two looks of the run; far more than any second of a large cluster takes. */
const STEPS_MAX = 20_000_000;
const DIAL_MS_MAX = 5000;
const RETRY_MS = 500;
