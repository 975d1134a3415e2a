/**
 * A lane under test.
 * @module
 */
import type { Lane, LanePolicy, LaneSink, Tape } from "@moq-relay/core";
import type { Trace } from "./trace.ts";

/** Plays that a lane gave up. */
export interface Dropped {
	readonly tag: number;
	readonly reason: Parameters<LaneSink["onDropped"]>[1];
}

/** Guards every call of a lane and keeps what it dropped. */
export class LaneProbe implements LaneSink, Lane {
	readonly dropped: Dropped[] = [];
	/** Set by `onDrained`. */
	drained = false;
	/** Runs in `onDrained`. */
	afterDrained: (() => void) | undefined = undefined;
	readonly #trace: Trace;
	#lane: Lane | undefined;

	constructor(trace: Trace) {
		this.#trace = trace;
	}

	/** The lane that this guards; once, before any other call. */
	attach(lane: Lane): void {
		this.#lane = lane;
	}

	onDropped(tags: readonly number[], reason: Dropped["reason"]): void {
		this.#trace.event("lane onDropped", () => {
			if (this.drained) this.#trace.violation("lane onDropped after onDrained");
			if (tags.length === 0) this.#trace.violation("lane onDropped without tags");
			for (const tag of tags) this.dropped.push({ tag, reason });
		});
	}

	onDrained(): void {
		this.#trace.event("lane onDrained", () => {
			if (this.drained) this.#trace.violation("lane onDrained twice");
			this.drained = true;
			this.afterDrained?.();
		});
	}

	play(tape: Tape, header: Uint8Array, tag: number): void {
		this.#call("play", (lane) => lane.play(tape, header, tag));
	}

	datagram(payload: Uint8Array): void {
		this.#call("datagram", (lane) => lane.datagram(payload));
	}

	update(policy: LanePolicy): void {
		this.#call("update", (lane) => lane.update(policy));
	}

	close(code?: number): void {
		this.#call("close", (lane) => (code === undefined ? lane.close() : lane.close(code)));
	}

	#call(name: string, run: (lane: Lane) => void): void {
		const lane = this.#lane;
		if (lane === undefined) throw new Error(`lane ${name} before the lane is there`);
		this.#trace.call(`lane ${name}`, () => run(lane));
	}
}
