/**
 * A lane of an in-memory connection: the rank of its plays, and which of them are given up.
 * @module
 */
import type { Lane, LanePolicy, LaneSink, Tape } from "@moq-relay/core";
import type { VirtualClock } from "../virtual-clock.ts";
import type { SendHalf, SendOwner } from "./send-half.ts";

/** What a lane needs of its endpoint. */
export interface LaneHost {
	readonly clock: VirtualClock;
	/** Run a command when it takes effect. */
	post(run: () => void): void;
	/** Run an event in a turn of its own. */
	emit(run: () => void): void;
	/** A new unidirectional stream; undefined when too many wait. */
	openPlay(owner: SendOwner): SendHalf | undefined;
	/** Send a datagram now. */
	datagram(payload: Uint8Array): void;
	/** The lane has nothing more to do. */
	forget(lane: MemoryLane): void;
}

/** Public calls are commands; the rest is for the endpoint alone. */
export class MemoryLane implements Lane, SendOwner {
	/** When the scheduler served this lane last; for round robin between lanes. */
	servedAt = 0;
	readonly #host: LaneHost;
	readonly #sink: LaneSink;
	#policy: LanePolicy;
	/** Running plays, by tag: the newest is last. */
	#plays: Play[] = [];
	/** Plays that are over here and not yet acknowledged. */
	#unacked = new Set<SendHalf>();
	#closeCalled = false;
	#draining = false;
	#cancelReview: (() => void) | undefined;

	constructor(host: LaneHost, policy: LanePolicy, sink: LaneSink) {
		this.#host = host;
		this.#policy = policy;
		this.#sink = sink;
	}

	play(tape: Tape, header: Uint8Array, tag: number): void {
		if (this.#closeCalled) return;
		const half = this.#host.openPlay(this);
		if (half === undefined) {
			this.#host.emit(() => this.#sink.onDropped([tag], "streams"));
			return;
		}
		this.#host.post(() => this.#add({ half, tag, staleSinceMs: undefined }));
		half.write(header);
		half.play(tape);
	}

	datagram(payload: Uint8Array): void {
		if (!this.#closeCalled) this.#host.post(() => this.#host.datagram(payload));
	}

	update(policy: LanePolicy): void {
		if (this.#closeCalled) return;
		this.#host.post(() => {
			this.#policy = policy;
			this.review();
		});
	}

	close(code?: number): void {
		if (this.#closeCalled) return;
		this.#closeCalled = true;
		this.#host.post(() => {
			if (code === undefined) {
				this.#drain();
				return;
			}
			for (const { half } of this.#plays) half.abandon(code);
			this.#host.forget(this);
		});
	}

	get priority(): number {
		return this.#policy.priority;
	}

	/** Place of a play in the lane's order, 0 first. */
	age(half: SendHalf): number {
		const at = this.#plays.findIndex((play) => play.half === half);
		return this.#policy.order === "newest" ? this.#plays.length - 1 - at : at;
	}

	grew(): void {
		if (this.#plays.length > 1) this.review();
	}

	stopped(half: SendHalf): void {
		const play = this.#remove(half);
		if (play !== undefined) this.#host.emit(() => this.#sink.onDropped([play.tag], "stopped"));
	}

	over(half: SendHalf): void {
		this.#remove(half);
	}

	acked(half: SendHalf): void {
		this.#remove(half);
		this.#unacked.delete(half);
		if (this.#draining) this.#drain();
	}

	/** Give up what the policy no longer allows. Called when anything changed that it looks at. */
	review(): void {
		this.#cancelReview?.();
		this.#cancelReview = undefined;
		this.#give(this.#expired(), "latency");
		this.#give(this.#beyondBudget(), "budget");
		const next = this.#nextExpiryMs();
		if (next !== undefined) {
			this.#cancelReview = this.#host.clock.after(Math.max(0, next - this.#host.clock.nowMs()), () => this.review());
		}
	}

	/** The connection is over. */
	die(): void {
		this.#cancelReview?.();
		this.#plays = [];
		this.#unacked.clear();
		this.#draining = false;
	}

	#add(play: Play): void {
		if (play.half.isOver) return;
		const at = this.#plays.findLastIndex((other) => other.tag <= play.tag) + 1;
		this.#plays.splice(at, 0, play);
		this.#unacked.add(play.half);
		for (const older of this.#plays.slice(0, -1)) older.staleSinceMs ??= this.#host.clock.nowMs();
		this.review();
	}

	#expired(): Play[] {
		const now = this.#host.clock.nowMs();
		return this.#plays.filter(
			({ staleSinceMs }) => staleSinceMs !== undefined && staleSinceMs + this.#policy.latencyMs <= now,
		);
	}

	#beyondBudget(): Play[] {
		const older = this.#plays.slice(0, -1);
		let unsentBytes = older.reduce((sum, { half }) => sum + half.unsentBytes, 0);
		const beyond: Play[] = [];
		for (const play of older) {
			if (unsentBytes <= this.#policy.budgetBytes) break;
			unsentBytes -= play.half.unsentBytes;
			beyond.push(play);
		}
		return beyond;
	}

	#nextExpiryMs(): number | undefined {
		const since = this.#plays.flatMap(({ staleSinceMs }) => (staleSinceMs === undefined ? [] : [staleSinceMs]));
		const next = Math.min(...since) + this.#policy.latencyMs;
		return Number.isFinite(next) ? next : undefined;
	}

	#give(plays: readonly Play[], reason: "latency" | "budget"): void {
		if (plays.length === 0) return;
		for (const { half } of plays) {
			this.#remove(half);
			half.abandon(reason === "latency" ? OLD : LAGGED);
		}
		const tags = plays.map(({ tag }) => tag);
		this.#host.emit(() => this.#sink.onDropped(tags, reason));
	}

	#remove(half: SendHalf): Play | undefined {
		const at = this.#plays.findIndex((play) => play.half === half);
		return at < 0 ? undefined : this.#plays.splice(at, 1)[0];
	}

	#drain(): void {
		this.#draining = this.#plays.length > 0 || this.#unacked.size > 0;
		if (this.#draining) return;
		this.#host.forget(this);
		this.#host.emit(() => this.#sink.onDrained?.());
	}
}

interface Play {
	readonly half: SendHalf;
	readonly tag: number;
	/** Since when there is a newer play. */
	staleSinceMs: number | undefined;
}

/** Stream codes of given-up plays (protocol §4.10). */
const OLD = 2;
const LAGGED = 26;
