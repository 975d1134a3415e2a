/**
 * Work that is put off to a turn of its own, once however often it is asked for.
 * @module
 */
import type { Clock } from "../clock.ts";

/** Something with work to do in a turn of its own. */
export interface TurnTask {
	runTurn(): void;
}

/**
 * Runs tasks in the next turn, all that asked in this one together: a chunk that goes to many connections costs one turn.
 * Share one between the connections of a thread.
 */
export class TurnQueue {
	readonly #clock: Clock;
	#tasks = new Set<TurnTask>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Run `task` in the next turn; asking again until then changes nothing. */
	add(task: TurnTask): void {
		if (this.#tasks.size === 0) this.#clock.after(0, () => this.#run());
		this.#tasks.add(task);
	}

	/** Forget `task`. */
	delete(task: TurnTask): void {
		this.#tasks.delete(task);
	}

	#run(): void {
		const tasks = this.#tasks;
		this.#tasks = new Set();
		for (const task of tasks) {
			tasks.delete(task);
			try {
				task.runTurn();
			} catch (thrown) {
				// One connection's failure is not the others': they get a turn of their own.
				for (const left of tasks) this.add(left);
				throw thrown;
			}
		}
	}
}
