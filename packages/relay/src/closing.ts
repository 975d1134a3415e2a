/**
 * What has to be closed, in the reverse of the order in which it was opened; also after half of an opening.
 * @module
 */

/** A stack of closings. */
export class Closing {
	readonly #steps: (() => void | Promise<void>)[] = [];

	/** Close `part` when the time comes. Returns it. */
	add<Part extends Disposable>(part: Part): Part {
		this.#steps.push(() => part[Symbol.dispose]());
		return part;
	}

	/** Do something when the time comes. */
	defer(step: () => void | Promise<void>): void {
		this.#steps.push(step);
	}

	/** Close everything, each thing once. What throws does not keep the rest open; the first error is thrown in the end. */
	async close(): Promise<void> {
		const errors: unknown[] = [];
		for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
			try {
				await step();
			} catch (error) {
				errors.push(error);
			}
		}
		if (errors.length > 0) throw errors[0];
	}
}
