/**
 * Core's `Clock` on virtual time: nothing happens until a test runs it, and then always in the same order.
 * @module
 */

import { setImmediate as macrotask } from "node:timers/promises";
import type { Clock } from "@moq-relay/core";
import { STEPS_MAX, WALL_START_MS } from "./limits.ts";
import { SeededRandom } from "./seeded-random.ts";
import { TimerHeap } from "./timer-heap.ts";

/** How a virtual clock begins. */
export interface VirtualClockOptions {
	/** Seed of `random`; default 1. */
	readonly seed?: number;
	/** Wall-clock milliseconds at virtual time 0; default 2026-01-01T00:00Z. */
	readonly wallStartMs?: number;
}

/** What a bounded run may cost. */
export interface RunBounds {
	/** Timers that may run before the run counts as a livelock and throws; default `STEPS_MAX`. */
	readonly maxSteps?: number;
}

/** Virtual time. Timers due at the same instant run in the order in which they were set. */
export class VirtualClock implements Clock {
	readonly seeded: SeededRandom;
	readonly #wallStartMs: number;
	#wallSkewMs = 0;
	#nowMs = 0;
	#timers = new TimerHeap();

	constructor(options: VirtualClockOptions = {}) {
		this.seeded = new SeededRandom(options.seed ?? 1);
		this.#wallStartMs = options.wallStartMs ?? WALL_START_MS;
	}

	nowMs(): number {
		return this.#nowMs;
	}

	wallMs(): number {
		return this.#wallStartMs + this.#nowMs + this.#wallSkewMs;
	}

	/** Make the wall clock jump: its distance from what it would show without any skew, in ms (may be negative). */
	skewWall(skewMs: number): void {
		this.#wallSkewMs = skewMs;
	}

	random(): number {
		return this.seeded.next();
	}

	/** @throws RangeError when the delay is negative or no number; Infinity never runs. */
	after(delayMs: number, run: () => void): () => void {
		if (!(delayMs >= 0)) throw new RangeError(`delay of ${delayMs} ms`);
		if (delayMs === Number.POSITIVE_INFINITY) return () => {};
		const timer = this.#timers.add(this.#nowMs + delayMs, run);
		return () => this.#timers.cancel(timer);
	}

	/** Timers that still wait. */
	get pending(): number {
		return this.#timers.size;
	}

	/** Run the next timer, moving time to it. False when none waits. */
	step(): boolean {
		const timer = this.#timers.take(Number.POSITIVE_INFINITY);
		if (timer === undefined) return false;
		this.#nowMs = timer.atMs;
		timer.run();
		return true;
	}

	/**
	 * Run everything due up to and at `untilMs`, and leave the clock there.
	 * @throws Error when that takes more than `maxSteps` timers.
	 */
	run(untilMs: number, bounds: RunBounds = {}): void {
		const maxSteps = bounds.maxSteps ?? STEPS_MAX;
		for (let steps = 0; ; steps++) {
			const timer = this.#timers.take(untilMs);
			if (timer === undefined) break;
			if (steps >= maxSteps) throw this.#livelock(maxSteps);
			this.#nowMs = timer.atMs;
			timer.run();
		}
		this.#nowMs = Math.max(this.#nowMs, untilMs);
	}

	/**
	 * Run until no timer waits.
	 * @throws Error when that takes more than `maxSteps` timers.
	 */
	runUntilIdle(bounds: RunBounds = {}): void {
		const maxSteps = bounds.maxSteps ?? STEPS_MAX;
		for (let steps = 0; this.#timers.size > 0; steps++) {
			if (steps >= maxSteps) throw this.#livelock(maxSteps);
			this.step();
		}
	}

	/**
	 * Run until `until` holds; it is asked before every timer.
	 * @throws Error when nothing is left to run or `maxSteps` timers ran, and it still does not hold.
	 */
	runUntil(until: () => boolean, bounds: RunBounds = {}): void {
		const maxSteps = bounds.maxSteps ?? STEPS_MAX;
		for (let steps = 0; !until(); steps++) {
			if (steps >= maxSteps) throw this.#livelock(maxSteps);
			if (!this.step()) throw this.#idle();
		}
	}

	/**
	 * As `runUntil`, for code that awaits: promises settle before each timer.
	 * @throws Error when nothing is left to run or `maxSteps` timers ran, and it still does not hold.
	 */
	async settle(until: () => boolean, bounds: RunBounds = {}): Promise<void> {
		const maxSteps = bounds.maxSteps ?? STEPS_MAX;
		for (let steps = 0; !until(); steps++) {
			if (steps >= maxSteps) throw this.#livelock(maxSteps);
			await macrotask();
			if (until()) return;
			if (!this.step()) throw this.#idle();
		}
	}

	#idle(): Error {
		return new Error(
			`idle at ${this.#nowMs} ms of virtual time (seed ${this.seeded.seed}), and the condition does not hold`,
		);
	}

	#livelock(maxSteps: number): Error {
		return new Error(
			`still busy after ${maxSteps} timers, at ${this.#nowMs} ms of virtual time (seed ${this.seeded.seed})`,
		);
	}
}
