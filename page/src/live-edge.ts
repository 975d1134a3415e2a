/** How long the best arrival counts, in ms: long enough to hold one undelayed frame, short enough to follow clocks that drift. */
const WINDOW_MS = 10_000;
/** Pictures whose delay is averaged. */
const PICTURES = 30;

interface Arrival {
	readonly atMs: number;
	/** Arrival minus media time. */
	readonly offsetMs: number;
}

/**
 * How far the picture is behind live. Live is the media time that a frame would have which arrived now without any delay;
 * it is known from the least delayed frame of the last seconds, so it moves evenly while frames arrive in bursts.
 */
export class LiveEdge {
	/** Candidates for the least delayed frame, offsets rising; the first is the least of the window. */
	#arrivals: Arrival[] = [];
	#behind: number[] = [];

	/** Forget everything, as after another publisher took over with a clock of its own. */
	reset(): void {
		this.#arrivals = [];
		this.#behind = [];
	}

	/** A frame with media time `mediaMs` arrived. */
	arrived(mediaMs: number, nowMs: number): void {
		const offsetMs = nowMs - mediaMs;
		while ((this.#arrivals.at(-1)?.offsetMs ?? Number.NEGATIVE_INFINITY) >= offsetMs) this.#arrivals.pop();
		this.#arrivals.push({ atMs: nowMs, offsetMs });
		while ((this.#arrivals[0]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#arrivals.shift();
	}

	/** The picture of media time `mediaMs` was painted. */
	painted(mediaMs: number, nowMs: number): void {
		const best = this.#arrivals[0];
		if (best === undefined) return;
		this.#behind.push(Math.max(0, nowMs - best.offsetMs - mediaMs));
		if (this.#behind.length > PICTURES) this.#behind.shift();
	}

	/** How far behind the last pictures were when they were painted, in ms, their median; undefined before the first. */
	get behindMs(): number | undefined {
		return this.#behind.toSorted((a, b) => a - b)[this.#behind.length >> 1];
	}
}
