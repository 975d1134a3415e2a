/**
 * Control streams with something to send.
 * @module
 */
import type { SendHalf } from "./send-half.ts";

/** Highest priority first; among equals the one that waits longest. */
export class ReadyQueue {
	readonly #byPriority = new Map<number, Set<SendHalf>>();
	/** Priorities in use, highest first. */
	#priorities: number[] = [];

	/** Add it behind its equals; one that is there keeps its place. */
	add(half: SendHalf): void {
		let equals = this.#byPriority.get(half.priority);
		if (equals === undefined) {
			equals = new Set();
			this.#byPriority.set(half.priority, equals);
			this.#priorities.push(half.priority);
			this.#priorities.sort((one, other) => other - one);
		}
		equals.add(half);
	}

	/** Take it out, if it is there. */
	delete(half: SendHalf): boolean {
		const equals = this.#byPriority.get(half.priority);
		if (equals === undefined || !equals.delete(half)) return false;
		if (equals.size === 0) {
			this.#byPriority.delete(half.priority);
			this.#priorities = this.#priorities.filter((priority) => priority !== half.priority);
		}
		return true;
	}

	/** Change its priority. */
	prioritise(half: SendHalf, priority: number): void {
		const waiting = this.delete(half);
		half.priority = priority;
		if (waiting) this.add(half);
	}

	/** The next in turn, taken out. */
	take(): SendHalf | undefined {
		const highest = this.#priorities[0];
		if (highest === undefined) return undefined;
		const half = this.#byPriority.get(highest)?.values().next().value;
		if (half !== undefined) this.delete(half);
		return half;
	}
}
