/**
 * Events on their way to core.
 * @module
 */

/** Keeps events until they can be told outside of any call of core's. */
export class EventQueue {
	#events: (() => void)[] = [];
	/** How many of them are told already. */
	#told = 0;
	#running = false;

	/** Whether something waits to be told. */
	get pending(): boolean {
		return this.#events.length > this.#told && !this.#running;
	}

	/** Tell it later. */
	post(event: () => void): void {
		this.#events.push(event);
	}

	/** Drop what waits. */
	clear(): void {
		this.#events = [];
		this.#told = 0;
	}

	/** Tell everything, also what is posted meanwhile, one at a time. Events after one that throws stay for the next run. */
	run(): void {
		if (this.#running) return;
		this.#running = true;
		try {
			// An event may empty the queue, or add to it.
			while (this.#told < this.#events.length) (this.#events[this.#told++] as () => void)();
		} finally {
			this.#running = false;
			this.#events.splice(0, this.#told);
			this.#told = 0;
		}
	}
}
