/**
 * One subscription on one connection.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Tape } from "../tape.ts";
import type { Lane, LanePolicy, LaneSink } from "../transport.ts";
import { LANE_PLAYS_MAX, LANE_STREAMS_WAITING_MAX } from "./limits.ts";
import { SendHalf, type SendHalfOwner } from "./send-half.ts";

/** What a lane asks of the sending side. */
export interface LaneOwner {
	/** False once the connection is over. */
	readonly alive: boolean;
	/** Tell core, outside of any call of core's. */
	post(event: () => void): void;
	nowMs(): number;
	/** A play of the lane may have something to send. */
	onLaneReady(lane: MuxLane): void;
	/** The lane has plays that a newer one follows, or the policy of such changed. */
	onLaneCrowded(lane: MuxLane): void;
	/** The lane has no plays. */
	onLaneIdle(lane: MuxLane): void;
	/** The play is to be reset. */
	onAbandoned(half: SendHalf): void;
	sendDatagram(payload: Uint8Array): void;
}

/** A play that wants to send, and its rank within the lane. */
export interface Candidate {
	readonly half: SendHalf;
	readonly lane: MuxLane;
	readonly priority: number;
	/** 0 for the play that the policy's order puts first. */
	readonly age: number;
}

/** Plays that share a policy. */
export class MuxLane implements Lane {
	readonly #owner: LaneOwner;
	readonly #sink: LaneSink;
	#policy: LanePolicy;
	/** By tag, oldest first. */
	readonly #plays: LanePlay[] = [];
	#newestTag = Number.NEGATIVE_INFINITY;
	#closed = false;
	/** Core waits to hear that all is sent. */
	#drains = false;
	/** When it was last served, in the sending side's count; equals take turns by it. */
	servedAt = 0;

	constructor(owner: LaneOwner, policy: LanePolicy, sink: LaneSink) {
		this.#owner = owner;
		this.#policy = policy;
		this.#sink = sink;
	}

	/** @inheritDoc */
	play(tape: Tape, header: Uint8Array, tag: number): void {
		if (this.#closed || !this.#owner.alive) return;
		const play = new LanePlay(this, tag);
		this.#insert(play);
		play.half.write(header);
		play.half.play(tape);
	}

	/** @inheritDoc */
	datagram(payload: Uint8Array): void {
		if (!this.#closed) this.#owner.sendDatagram(payload);
	}

	/** @inheritDoc */
	update(policy: LanePolicy): void {
		this.#policy = policy;
		this.#owner.onLaneCrowded(this);
	}

	/** @inheritDoc */
	close(code?: number): void {
		if (code !== undefined) for (const play of this.#plays) play.half.reset(code);
		if (this.#closed) return;
		this.#closed = true;
		this.#drains = code === undefined;
		this.#settle();
	}

	/** The connection is over: no more plays, no more events. */
	end(): void {
		this.#closed = true;
		this.#drains = false;
		for (const play of this.#plays.splice(0)) play.half.end();
	}

	/** Add every play that could send to `candidates`. */
	rank(candidates: Candidate[]): void {
		const { order, priority } = this.#policy;
		const plays = this.#plays;
		for (let at = 0; at < plays.length; at++) {
			const { half } = plays[at] as LanePlay;
			if (half.abandoned !== undefined) continue;
			const age = order === "oldest" ? at : plays.length - 1 - at;
			candidates.push({ half, lane: this, priority, age });
		}
	}

	/** Whether some play is older than the newest. */
	get crowded(): boolean {
		return this.#plays.some((play) => play.supersededAtMs !== undefined);
	}

	/** When the first of the older plays will have had its time; Infinity when none will. */
	get deadlineMs(): number {
		let earliest = Number.POSITIVE_INFINITY;
		for (const { supersededAtMs, half } of this.#plays) {
			if (supersededAtMs === undefined || half.abandoned !== undefined) continue;
			earliest = Math.min(earliest, supersededAtMs + this.#policy.latencyMs);
		}
		return earliest;
	}

	/** Give up older plays that have had their time. */
	dropLate(nowMs: number): void {
		const { latencyMs } = this.#policy;
		this.#drop(
			this.#plays.filter(({ supersededAtMs }) => supersededAtMs !== undefined && supersededAtMs + latencyMs <= nowMs),
			"latency",
		);
	}

	/** Give up the oldest plays while those before the newest have more unsent than they may. */
	dropOverBudget(): void {
		const older = this.#plays.filter((play) => play.supersededAtMs !== undefined && play.half.abandoned === undefined);
		let unsentBytes = older.reduce((sum, { half }) => sum + half.outgoing.unsentBytes, 0);
		let dropped = 0;
		while (unsentBytes > this.#policy.budgetBytes && dropped < older.length) {
			unsentBytes -= (older[dropped++] as LanePlay).half.outgoing.unsentBytes;
		}
		this.#drop(older.slice(0, dropped), "budget");
	}

	/** The peer lets no more streams be opened: keep the newest few that wait. */
	dropWaiting(): void {
		const waiting = this.#plays.filter(({ half }) => half.id === undefined && half.abandoned === undefined);
		this.#drop(waiting.slice(0, Math.max(0, waiting.length - LANE_STREAMS_WAITING_MAX)), "streams");
	}

	/** A play has something to send. */
	onReady(): void {
		this.#owner.onLaneReady(this);
	}

	/** A play is to be reset. */
	onAbandoned(half: SendHalf): void {
		this.#owner.onAbandoned(half);
	}

	/** A play is over. */
	onOver(play: LanePlay): void {
		const at = this.#plays.indexOf(play);
		if (at >= 0) this.#plays.splice(at, 1);
		this.#settle();
	}

	/** The peer stopped a play. */
	onStopped(play: LanePlay): void {
		this.#tell([play.tag], "stopped");
	}

	/** With the last play, the lane has nothing to do. */
	#settle(): void {
		if (this.#plays.length > 0) return;
		this.#owner.onLaneIdle(this);
		if (!this.#drains) return;
		this.#drains = false;
		this.#owner.post(() => this.#sink.onDrained?.());
	}

	/** Usually at the end; groups may come out of order. */
	#insert(play: LanePlay): void {
		const plays = this.#plays;
		let at = plays.length;
		while (at > 0 && (plays[at - 1] as LanePlay).tag > play.tag) at--;
		plays.splice(at, 0, play);
		const superseded = play.tag < this.#newestTag ? [play] : plays.slice(0, at);
		this.#newestTag = Math.max(this.#newestTag, play.tag);
		if (superseded.length === 0) return;
		const nowMs = this.#owner.nowMs();
		for (const older of superseded) older.supersededAtMs ??= nowMs;
		if (plays.length > LANE_PLAYS_MAX) this.#dropTooMany();
		this.#owner.onLaneCrowded(this);
	}

	#dropTooMany(): void {
		const running = this.#plays.filter(({ half }) => half.abandoned === undefined);
		this.#drop(running.slice(0, Math.max(0, running.length - LANE_PLAYS_MAX)), "budget");
	}

	#drop(plays: readonly LanePlay[], reason: "latency" | "budget" | "streams"): void {
		const dropped = plays.filter(({ half }) => half.abandoned === undefined);
		if (dropped.length === 0) return;
		for (const { half } of dropped) half.discard(Code.Lagged);
		this.#tell(
			dropped.map(({ tag }) => tag),
			reason,
		);
	}

	#tell(tags: readonly number[], reason: Parameters<LaneSink["onDropped"]>[1]): void {
		this.#owner.post(() => this.#sink.onDropped(tags, reason));
	}
}

/** One group on its way to one viewer. */
class LanePlay implements SendHalfOwner {
	readonly lane: MuxLane;
	readonly half: SendHalf;
	/** The group's sequence. */
	readonly tag: number;
	/** Since when a newer play of the lane exists; undefined while there is none. */
	supersededAtMs: number | undefined;

	constructor(lane: MuxLane, tag: number) {
		this.lane = lane;
		this.tag = tag;
		this.half = new SendHalf("uni", this);
	}

	/** @inheritDoc */
	onReady(): void {
		this.lane.onReady();
	}

	/** @inheritDoc */
	onAbandoned(half: SendHalf): void {
		this.lane.onAbandoned(half);
	}

	/** Rank is the lane's; nothing gives a play one of its own. */
	onPrioritised(): void {}

	/** @inheritDoc */
	onOver(): void {
		this.lane.onOver(this);
	}

	/** @inheritDoc */
	onStopped(): void {
		this.lane.onStopped(this);
	}
}
