/**
 * Which stream sends next: resets, then control before lanes, then priority, then age within the lane, then round robin.
 * @module
 */
import { MemoryLane } from "./lane.ts";
import type { SendHalf } from "./send-half.ts";

/** Orders the halves of one endpoint. */
export class Scheduler {
	#turn = 0;

	/** The first by rank; undefined when there is none. Counts as served. */
	pick(halves: Iterable<SendHalf>): SendHalf | undefined {
		let best: Rank | undefined;
		for (const half of halves) {
			const rank = rankOf(half);
			if (best === undefined || before(rank, best)) best = rank;
		}
		if (best === undefined) return undefined;
		this.#turn++;
		best.half.servedAt = this.#turn;
		if (best.lane !== undefined) best.lane.servedAt = this.#turn;
		return best.half;
	}
}

interface Rank {
	readonly half: SendHalf;
	readonly lane: MemoryLane | undefined;
	readonly priority: number;
	readonly age: number;
	readonly servedAt: number;
}

function rankOf(half: SendHalf): Rank {
	const lane = half.owner instanceof MemoryLane ? half.owner : undefined;
	// A reset is tiny, and frees what the peer keeps for the stream.
	if (half.isResetting)
		return { half, lane: undefined, priority: Number.POSITIVE_INFINITY, age: 0, servedAt: half.servedAt };
	if (lane === undefined) return { half, lane, priority: half.priority, age: 0, servedAt: half.servedAt };
	return { half, lane, priority: lane.priority, age: lane.age(half), servedAt: lane.servedAt };
}

function before(a: Rank, b: Rank): boolean {
	if ((a.lane === undefined) !== (b.lane === undefined)) return a.lane === undefined;
	if (a.priority !== b.priority) return a.priority > b.priority;
	if (a.age !== b.age) return a.age < b.age;
	return a.servedAt < b.servedAt;
}
