/**
 * The timers of a virtual clock: earliest first, and first come first served within an instant.
 * @module
 */

/** One timer that waits. */
export interface Timer {
	readonly atMs: number;
	readonly sequence: number;
	run: () => void;
	cancelled: boolean;
}

/** A binary heap; cancelled timers stay in it until their time comes. */
export class TimerHeap {
	#heap: Timer[] = [];
	#sequence = 0;
	#size = 0;

	/** Timers that wait and are not cancelled. */
	get size(): number {
		return this.#size;
	}

	add(atMs: number, run: () => void): Timer {
		const timer: Timer = { atMs, sequence: this.#sequence++, run, cancelled: false };
		this.#heap.push(timer);
		this.#rise(this.#heap.length - 1);
		this.#size++;
		return timer;
	}

	/** Without effect on a timer that ran already. */
	cancel(timer: Timer): void {
		if (timer.cancelled) return;
		timer.cancelled = true;
		timer.run = () => {};
		this.#size--;
	}

	/** Remove and return the earliest timer due at or before `untilMs`. */
	take(untilMs: number): Timer | undefined {
		for (;;) {
			const first = this.#heap[0];
			if (first === undefined || (first.atMs > untilMs && !first.cancelled)) return undefined;
			this.#removeFirst();
			if (first.cancelled) continue;
			first.cancelled = true;
			this.#size--;
			return first;
		}
	}

	#removeFirst(): void {
		const last = this.#heap.pop();
		if (last === undefined || this.#heap.length === 0) return;
		this.#heap[0] = last;
		this.#sink(0);
	}

	#rise(from: number): void {
		let at = from;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!this.#before(at, parent)) return;
			this.#swap(at, parent);
			at = parent;
		}
	}

	#sink(from: number): void {
		let at = from;
		for (;;) {
			const left = 2 * at + 1;
			const right = left + 1;
			let least = at;
			if (left < this.#heap.length && this.#before(left, least)) least = left;
			if (right < this.#heap.length && this.#before(right, least)) least = right;
			if (least === at) return;
			this.#swap(at, least);
			at = least;
		}
	}

	#before(left: number, right: number): boolean {
		const a = this.#heap[left];
		const b = this.#heap[right];
		if (a === undefined || b === undefined) return false;
		return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
	}

	#swap(left: number, right: number): void {
		const a = this.#heap[left];
		const b = this.#heap[right];
		if (a === undefined || b === undefined) return;
		this.#heap[left] = b;
		this.#heap[right] = a;
	}
}
