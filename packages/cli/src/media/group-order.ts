/**
 * One track's frames in the order of its groups, whatever order the groups arrive in.
 * @module
 */
import { type Clock, type Frame, type Group, readGroup } from "@moq-relay/core";
import { COLLECT_MS, WAITING_GROUPS_MAX } from "../limits.ts";

/** Takes frames in order. */
export interface FrameOrder {
	/** `first` is true at the beginning of a group. */
	onFrame(frame: Frame, first: boolean): void;
	/** A group was left out or cut short: it was lost, aborted, or came too late. */
	onSkipped(): void;
	/** After `end`: everything that was there has been given out. */
	onEnd(): void;
}

/** A group that is not given out to its end. */
interface Waiting {
	/** Frames that came and were not given out. */
	readonly frames: Frame[];
	/** Frames given out. */
	given: number;
	over: "complete" | "aborted" | undefined;
	stop: () => void;
}

/** Puts groups in order: the next in sequence is followed while it grows, and left behind when enough newer ones wait. */
export class GroupOrder {
	readonly #out: FrameOrder;
	readonly #waiting = new Map<number, Waiting>();
	/** The group that is given out now; undefined while the first ones are collected. */
	#next: number | undefined;
	/** Groups that are known not to come, beyond `#next`. */
	readonly #missing = new Set<number>();
	readonly #clock: Clock;
	#cancelCollect: (() => void) | undefined;
	#isCollected = false;
	#isEnding = false;
	#isOver = false;

	constructor(out: FrameOrder, clock: Clock) {
		this.#out = out;
		this.#clock = clock;
	}

	/** A group arrived. One whose turn is over is left out. */
	add(group: Group): void {
		const { sequence } = group;
		if (this.#isOver || this.#waiting.has(sequence)) return;
		if (this.#next !== undefined && sequence < this.#next) return;
		this.#cancelCollect ??= this.#clock.after(COLLECT_MS, () => this.#begin());
		const waiting: Waiting = { frames: [], given: 0, over: undefined, stop: () => {} };
		this.#waiting.set(sequence, waiting);
		const stop = readGroup(group, {
			onFrame: (frame) => {
				waiting.frames.push(frame);
				this.#drain();
			},
			onEnd: () => this.#complete(waiting, "complete"),
			onAbort: () => this.#complete(waiting, "aborted"),
		});
		waiting.stop = stop;
		// It may have been left while what is there was read.
		if (this.#waiting.get(sequence) !== waiting) stop();
		this.#drain();
	}

	/** Groups `start` to `end` inclusive will not come. */
	skip(start: number, end: number): void {
		const from = Math.max(start, this.#next ?? 0);
		// What lies further ahead is found missing in its turn.
		const to = Math.min(end, from + MISSING_MAX);
		for (let sequence = from; sequence <= to; sequence++) {
			if (!this.#waiting.has(sequence)) this.#missing.add(sequence);
		}
		this.#drain();
	}

	/** No further group comes; those that have begun may end by themselves. */
	end(): void {
		this.#isEnding = true;
		this.#begin();
	}

	/** Stop reading, without any event. */
	close(): void {
		this.#isOver = true;
		this.#cancelCollect?.();
		for (const waiting of this.#waiting.values()) waiting.stop();
		this.#waiting.clear();
	}

	#begin(): void {
		this.#cancelCollect?.();
		this.#isCollected = true;
		this.#drain();
	}

	#complete(waiting: Waiting, over: "complete" | "aborted"): void {
		waiting.over = over;
		this.#drain();
	}

	#drain(): void {
		if (this.#isCollected || this.#waiting.size > WAITING_GROUPS_MAX) this.#next ??= this.#lowest();
		while (this.#next !== undefined && !this.#isOver) {
			const current = this.#waiting.get(this.#next);
			if (current !== undefined) this.#give(current);
			if (!this.#advance(this.#next)) break;
		}
		if (this.#isEnding && !this.#isOver && this.#waiting.size === 0) {
			this.#isOver = true;
			this.#out.onEnd();
		}
	}

	#give(current: Waiting): void {
		for (let frame = current.frames.shift(); frame !== undefined; frame = current.frames.shift()) {
			current.given += 1;
			this.#out.onFrame(frame, current.given === 1);
		}
	}

	/** Go on to the next group, if the one at hand is over or not worth waiting for; false to wait. */
	#advance(at: number): boolean {
		// A listener may have advanced further while frames were given out.
		if (at !== this.#next) return true;
		const current = this.#waiting.get(at);
		const isMissing = this.#missing.delete(at);
		const isDone = current?.over !== undefined || (current === undefined && isMissing);
		if (!isDone && !this.#isGivenUp(current)) return false;
		current?.stop();
		this.#waiting.delete(at);
		const isWhole = current?.over === "complete";
		if (!isWhole) this.#out.onSkipped();
		// Past a hole nobody vouches for, on to what is there.
		this.#next = isDone ? at + 1 : (this.#lowest() ?? at + 1);
		return true;
	}

	#isGivenUp(current: Waiting | undefined): boolean {
		if (this.#waiting.size > WAITING_GROUPS_MAX) return true;
		return this.#isEnding && current === undefined && this.#waiting.size > 0;
	}

	#lowest(): number | undefined {
		let lowest: number | undefined;
		for (const sequence of this.#waiting.keys()) if (lowest === undefined || sequence < lowest) lowest = sequence;
		return lowest;
	}
}

/** Missing groups that are remembered at a time. */
const MISSING_MAX = 1024;
