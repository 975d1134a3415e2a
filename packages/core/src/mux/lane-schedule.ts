/**
 * Which play of which lane sends next.
 * @module
 */
import type { Candidate, MuxLane } from "./mux-lane.ts";

/**
 * Ranks plays when a turn of sending begins: by the lane's priority, then by age within the lane, and among equals lane
 * by lane in turns.
 */
export class LaneSchedule {
	/** Lanes that may have something to send. */
	readonly #ready = new Set<MuxLane>();
	/** Lanes in which a play is followed by a newer one. */
	readonly #crowded = new Set<MuxLane>();
	/** This turn's order, how far it is done, and those that take turns now. */
	#order: Candidate[] = [];
	#at = 0;
	#equals: Candidate[] = [];
	#served = 0;

	/** The lane may have something to send. */
	addReady(lane: MuxLane): void {
		this.#ready.add(lane);
	}

	/** Older plays of the lane are to be watched. */
	addCrowded(lane: MuxLane): void {
		this.#crowded.add(lane);
	}

	/** The lane has no plays. */
	delete(lane: MuxLane): void {
		this.#ready.delete(lane);
		this.#crowded.delete(lane);
	}

	/** Begin a turn. */
	begin(): void {
		const order: Candidate[] = [];
		for (const lane of this.#ready) lane.rank(order);
		if (order.length > 1) order.sort(byRank);
		this.#order = order;
		this.#at = 0;
		this.#equals = [];
	}

	/** The next in turn; undefined when all had theirs. */
	next(): Candidate | undefined {
		const next = this.#equals.shift();
		if (next !== undefined) return next;
		const first = this.#order[this.#at++];
		if (first === undefined) return undefined;
		for (;;) {
			const other = this.#order[this.#at];
			if (other === undefined || other.priority !== first.priority || other.age !== first.age) return first;
			this.#equals.push(other);
			this.#at++;
		}
	}

	/** It sent a frame; with more to send it takes its next turn after its equals. */
	served(candidate: Candidate, more: boolean): void {
		candidate.lane.servedAt = ++this.#served;
		if (more) this.#equals.push(candidate);
	}

	/** End the turn. Lanes that did not get everything out stay ready only when the pipe was what held them up. */
	end(pipeFull: boolean): void {
		this.#order = [];
		this.#equals = [];
		if (!pipeFull && this.#ready.size > 0) this.#ready.clear();
	}

	/** Give up what exceeds its lane's budget. */
	dropOverBudget(): void {
		for (const lane of this.#crowded) {
			if (lane.crowded) lane.dropOverBudget();
			else this.#crowded.delete(lane);
		}
	}

	/** Give up what has had its time. */
	dropLate(nowMs: number): void {
		for (const lane of this.#crowded) lane.dropLate(nowMs);
	}

	/** When `dropLate` will next find something; Infinity when never. */
	get deadlineMs(): number {
		let earliest = Number.POSITIVE_INFINITY;
		for (const lane of this.#crowded) earliest = Math.min(earliest, lane.deadlineMs);
		return earliest;
	}
}

function byRank(one: Candidate, other: Candidate): number {
	return other.priority - one.priority || one.age - other.age || one.lane.servedAt - other.lane.servedAt;
}
