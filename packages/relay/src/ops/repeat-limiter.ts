/**
 * Lets the first lines of a kind through and counts the rest.
 * @module
 */
import { LOG_KINDS_MAX, LOG_REPEATS_MAX, LOG_WINDOW_MS } from "./limits.ts";

/** Lines that were not written, of one kind. */
export interface Suppressed {
	readonly kind: string;
	readonly count: number;
}

interface Window {
	startMs: number;
	written: number;
	suppressed: number;
}

/** Counts lines by kind in windows of `LOG_WINDOW_MS`. */
export class RepeatLimiter {
	readonly #windows: Map<string, Window> = new Map();
	readonly #repeatsMax: number;

	/** `repeatsMax`: lines of one kind per window. */
	constructor(repeatsMax: number = LOG_REPEATS_MAX) {
		this.#repeatsMax = repeatsMax;
	}

	/** How many of the kind were suppressed before this one; undefined when this one is too, which then counts as `lines`. */
	admit(kind: string, nowMs: number, lines = 1): number | undefined {
		const window = this.#windowOf(kind, nowMs);
		if (nowMs - window.startMs < LOG_WINDOW_MS && window.written >= this.#repeatsMax) {
			window.suppressed += lines;
			return undefined;
		}
		if (nowMs - window.startMs >= LOG_WINDOW_MS) {
			window.startMs = nowMs;
			window.written = 0;
		}
		window.written++;
		const before = window.suppressed;
		window.suppressed = 0;
		return before;
	}

	/** Takes the counts of windows that ended before `nowMs`; all of them with Infinity. */
	take(nowMs: number): Suppressed[] {
		const taken: Suppressed[] = [];
		for (const [kind, window] of this.#windows) {
			if (window.suppressed === 0 || nowMs - window.startMs < LOG_WINDOW_MS) continue;
			taken.push({ kind, count: window.suppressed });
			window.suppressed = 0;
		}
		return taken;
	}

	#windowOf(kind: string, nowMs: number): Window {
		const known = this.#windows.get(kind);
		if (known !== undefined) return known;
		if (this.#windows.size >= LOG_KINDS_MAX) this.#windows.clear();
		const window = { startMs: nowMs, written: 0, suppressed: 0 };
		this.#windows.set(kind, window);
		return window;
	}
}
