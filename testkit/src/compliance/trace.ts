/**
 * Watches the one rule that no single event shows: events never arrive inside a call, nor after the end.
 * @module
 */

/** Calls and events of one pair, and what was wrong with them. */
export class Trace {
	/** One sentence for each broken rule. */
	readonly violations: string[] = [];
	#calls: string[] = [];
	#events: string[] = [];

	/** Make a call on the transport. */
	call<T>(name: string, run: () => T): T {
		this.#calls.push(name);
		try {
			return run();
		} finally {
			this.#calls.pop();
		}
	}

	/** Take an event from the transport. */
	event(name: string, run: () => void): void {
		const call = this.#calls.at(-1);
		if (call !== undefined) this.violations.push(`${name} arrived inside the call of ${call}`);
		const event = this.#events.at(-1);
		if (event !== undefined && call === undefined) this.violations.push(`${name} arrived inside ${event}`);
		this.#events.push(name);
		try {
			run();
		} finally {
			this.#events.pop();
		}
	}

	violation(sentence: string): void {
		this.violations.push(sentence);
	}
}
