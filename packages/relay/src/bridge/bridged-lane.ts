/**
 * Main's side of a lane whose real one lives in a worker.
 * @module
 */
import type { Lane, LanePolicy, LaneSink, Tape } from "@moq-relay/core";
import type { StreamOwner } from "./bridged-stream.ts";
import { Command } from "./op.ts";

/** What a lane begins with. */
export interface LaneStart {
	readonly id: number;
	readonly policy: LanePolicy;
	readonly sink: LaneSink;
	/** The owner forgets the lane: no event is to come. */
	over(): void;
}

/** One lane. Plays of one tape that follow each other in a turn are one command, however many lanes they are on. */
export class BridgedLane implements Lane {
	readonly #owner: StreamOwner;
	readonly #start: LaneStart;
	#state: "open" | "draining" | "closed" = "open";

	constructor(owner: StreamOwner, start: LaneStart) {
		this.#owner = owner;
		this.#start = start;
		this.#policy(Command.Lane, start.policy);
	}

	play(tape: Tape, header: Uint8Array, tag: number): void {
		if (!this.#live) return;
		const target = { conn: this.#owner.id, lane: this.#start.id, tag, header };
		if (!this.#owner.tapes.playOnLane(tape, target)) setImmediate(() => this.dropped([tag], "budget"));
	}

	datagram(payload: Uint8Array): void {
		if (!this.#live) return;
		this.#owner.channel.out.begin(Command.LaneDatagram, this.#owner.id, this.#start.id);
		this.#owner.channel.out.chunk(payload);
	}

	update(policy: LanePolicy): void {
		this.#policy(Command.LaneUpdate, policy);
	}

	close(code?: number): void {
		if (!this.#owner.live || this.#state === "closed" || (this.#state === "draining" && code === undefined)) return;
		this.#owner.channel.out.begin(Command.LaneClose, this.#owner.id, this.#start.id, code ?? -1);
		this.#state = code === undefined ? "draining" : "closed";
		if (code !== undefined) this.#start.over();
	}

	/** Plays were given up. */
	dropped(tags: readonly number[], reason: Parameters<LaneSink["onDropped"]>[1]): void {
		if (this.#owner.live && this.#state !== "closed") this.#start.sink.onDropped(tags, reason);
	}

	/** Closed, and every play is over. */
	drained(): void {
		if (this.#state !== "draining") return;
		this.#state = "closed";
		this.#start.over();
		this.#start.sink.onDrained?.();
	}

	get #live(): boolean {
		return this.#owner.live && this.#state === "open";
	}

	#policy(command: number, policy: LanePolicy): void {
		if (!this.#live) return;
		const newest = policy.order === "newest" ? 1 : 0;
		this.#owner.channel.out.begin(command, this.#owner.id, this.#start.id, policy.priority, newest);
		this.#owner.channel.out.number(policy.latencyMs);
		this.#owner.channel.out.number(policy.budgetBytes);
	}
}
