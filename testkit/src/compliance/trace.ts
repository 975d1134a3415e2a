/**
 * Watches the rules that no single event shows: events never arrive inside a call, inside each other, or after the end.
 * @module
 */

/** Calls and events of one side of a pair; both sides share what is going on and what was wrong. */
export class Trace {
	/** Set after `onEnd`: any event from then on is a violation. */
	over = false;
	readonly #shared: Shared;

	constructor(shared: Shared = { violations: [], calls: [], events: [] }) {
		this.#shared = shared;
	}

	/** The trace of the other side. */
	other(): Trace {
		return new Trace(this.#shared);
	}

	/** One sentence for each broken rule, of both sides. */
	get violations(): readonly string[] {
		return this.#shared.violations;
	}

	/** Make a call on the transport. */
	call<T>(name: string, run: () => T): T {
		this.#shared.calls.push(name);
		try {
			return run();
		} finally {
			this.#shared.calls.pop();
		}
	}

	/** Take an event from the transport. */
	event(name: string, run: () => void): void {
		const { calls, events } = this.#shared;
		const [call, event] = [calls.at(-1), events.at(-1)];
		if (call !== undefined) this.violation(`${name} arrived inside the call of ${call}`);
		else if (event !== undefined) this.violation(`${name} arrived inside ${event}`);
		if (this.over) this.violation(`${name} after onEnd`);
		events.push(name);
		try {
			run();
		} finally {
			events.pop();
		}
	}

	/** Put a broken rule on record. */
	violation(sentence: string): void {
		this.#shared.violations.push(sentence);
	}
}

interface Shared {
	readonly violations: string[];
	readonly calls: string[];
	readonly events: string[];
}
